"""Terminal output and verdict of a run."""
