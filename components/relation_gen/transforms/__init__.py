"""The Beam steps of RelationGen, thin shells over pure functions."""
