"""A synthetic catalogue: products, and links of several kinds between them."""
