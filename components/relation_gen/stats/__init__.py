"""Counters of rows and tuples: read, made, skipped, by reason."""
