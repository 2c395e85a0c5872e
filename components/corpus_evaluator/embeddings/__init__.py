"""Entities as vectors, with keys that define which are relevant to each other."""
