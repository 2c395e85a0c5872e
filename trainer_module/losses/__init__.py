"""Losses: how related the roles should be, against what the head says. Registered in `parts.py`."""
