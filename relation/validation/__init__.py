"""Checks of a recipe that take two of its parts, or a schema; a source checks what it names."""
