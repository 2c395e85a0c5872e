"""Adaptations of TFX's runners and launchers, one module for each engine."""
