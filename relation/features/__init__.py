"""What the raw values of a feature mean, the same for training, serving, baselines and report."""
