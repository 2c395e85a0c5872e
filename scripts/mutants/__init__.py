"""Break one line at a time and see whether the nearest tests notice (docs/testing.md)."""
