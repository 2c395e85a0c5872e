"""Evaluator: a candidate is never compared with itself."""
