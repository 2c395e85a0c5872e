"""Nearest neighbours, and metrics of what is retrieved."""
