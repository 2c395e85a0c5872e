"""Entities as vectors, with the keys that say which belong together."""
