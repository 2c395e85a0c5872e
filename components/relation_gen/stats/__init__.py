"""Counts of what was read, made and skipped, and why."""
