"""Splits by time."""
