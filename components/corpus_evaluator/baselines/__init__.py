"""Baselines without training, which a model must beat."""
