"""Callbacks: checks and measurements while a model trains."""
