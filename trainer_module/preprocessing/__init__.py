"""Transform: features of an entity type, the same for training and serving."""
