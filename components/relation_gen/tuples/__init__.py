"""From plans to tuples: which output shard a tuple goes to, and its bytes."""
