"""What needs no training: the model must beat it."""
