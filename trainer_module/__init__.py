"""The relational models: preprocessing, towers, heads, losses, training, signatures."""
