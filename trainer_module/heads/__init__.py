"""Heads: two embeddings to how related they are. One file each; registered in `parts.py`."""
