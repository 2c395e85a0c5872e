"""Rules that predict the label of a tuple without training a model; one family a module."""
