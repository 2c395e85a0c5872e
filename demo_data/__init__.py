"""Generators of demonstration data: modules with a function `write(folder)`."""
