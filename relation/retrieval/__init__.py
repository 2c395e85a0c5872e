"""Nearest neighbours: exact search, and measures of whether related entities are near."""
