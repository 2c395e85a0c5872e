"""Objectives: the outputs of a head for a batch, and their loss."""
