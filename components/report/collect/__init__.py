"""Collects what the page shows from artifacts and the model."""
