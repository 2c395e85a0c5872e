"""Transform: TFX's component, whose floats do not depend on the clock."""
