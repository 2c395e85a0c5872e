"""Heads: embeddings of roles to predictions. One file each, a line each in `registry.py`.

Most say how related two embeddings are; `base.py` has the other forms.
"""
