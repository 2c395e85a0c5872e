"""What a model predicts about a tuple, and the objective it is trained on."""
