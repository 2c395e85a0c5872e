"""Tasks: what a model predicts about a tuple. Each form of head names its task."""
