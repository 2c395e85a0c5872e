"""Splits by connected component of the edges."""
