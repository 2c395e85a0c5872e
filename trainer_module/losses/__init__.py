"""Losses: predictions of a head against their targets. One file each, a line in `registry.py`."""
