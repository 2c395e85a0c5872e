"""Arrays: a measure that several parts share, and the libraries, imported at first use."""
