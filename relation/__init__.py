"""The relation specification and the recipe: everything else derives from what is said here."""
