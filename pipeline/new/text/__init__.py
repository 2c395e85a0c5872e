"""A proposal as text: recipes and schemas with comments."""
