"""Mining: the triplets of a batch that a tuple loss learns from, and the valid negatives."""
