"""RelationGen: makes tuples of related examples (plan, then gather). See docs/relation_gen.md."""
