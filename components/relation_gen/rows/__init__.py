"""Rows of entities before they are indexed: several labels, duplicates."""
