"""The stages of the pipeline: each module makes the TFX nodes of one."""
