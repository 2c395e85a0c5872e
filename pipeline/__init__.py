"""Build a TFX pipeline from a recipe, and run it on an engine."""

from relation.core.aliases import serve_runner_modules

serve_runner_modules()
