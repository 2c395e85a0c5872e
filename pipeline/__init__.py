"""From a recipe to a TFX pipeline, and to each engine that runs it."""
