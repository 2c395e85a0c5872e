"""From plans to tuples: the output shard of each tuple, and its bytes."""
