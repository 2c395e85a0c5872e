"""A synthetic shop: users, items and purchases."""
