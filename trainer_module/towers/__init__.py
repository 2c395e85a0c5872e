"""Towers: features of an entity to its embedding. One file each; registered in `parts.py`."""
