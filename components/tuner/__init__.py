"""Tuner: TFX's component, which also says what became of each trial."""
