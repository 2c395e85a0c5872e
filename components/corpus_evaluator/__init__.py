"""CorpusEvaluator: measures whether a model embeds related entities near each other."""
