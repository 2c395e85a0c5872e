"""Towers: features of an entity to its embedding. One file each, a line in `registry.py`."""
