"""A made-up catalogue: products, and links of several kinds between them."""
