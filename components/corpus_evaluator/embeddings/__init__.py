"""Entities as vectors, with the keys that tell which are relevant to each other."""
