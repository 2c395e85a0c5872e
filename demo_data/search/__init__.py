"""A made-up search engine: queries, and documents graded for them."""
