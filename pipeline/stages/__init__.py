"""The stages of the pipeline: each makes its TFX nodes."""
