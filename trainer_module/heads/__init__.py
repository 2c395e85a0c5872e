"""Heads: embeddings to an answer. One file each; registered in `parts.py`.

Most say how related two embeddings are (`parts.Head`); `families.py` has the other forms.
"""
