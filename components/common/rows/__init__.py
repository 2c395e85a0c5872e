"""Rows of tf.Examples: what a relation requires of them, decoded and validated."""
