"""Checks across parts of a recipe, or against schemas; a source checks what it names."""
