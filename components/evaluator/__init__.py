"""Evaluator: measures a model on tuples, applies all gates, and blesses it or refuses it."""
