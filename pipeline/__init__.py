"""Build a TFX pipeline from a recipe, and run it on an engine."""
