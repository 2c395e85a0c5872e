"""Answers of a pushed model to rows of users' files: `python -m pipeline.score`."""
