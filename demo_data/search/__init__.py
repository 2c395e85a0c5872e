"""A synthetic search engine: queries, and documents graded for them."""
