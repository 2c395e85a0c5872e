"""A made-up shop: users, items, and who bought what."""
