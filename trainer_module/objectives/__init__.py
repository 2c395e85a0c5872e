"""What a model is trained on: the outputs of a head for a batch, and their loss."""
