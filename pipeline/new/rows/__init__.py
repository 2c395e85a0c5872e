"""Look at rows: what the columns are, and what is doubtful."""
