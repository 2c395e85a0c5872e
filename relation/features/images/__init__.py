"""Images: one decoder of encoded bytes, their orientation, and what cannot be read."""
