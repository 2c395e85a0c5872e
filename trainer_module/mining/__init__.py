"""Mining: which triplets of a batch a tuple loss learns from, and what may be a negative at all."""
