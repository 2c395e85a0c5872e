"""Batches: what a training step reads."""
