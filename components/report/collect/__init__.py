"""Collect the evidence for the page from artifacts and the model."""
