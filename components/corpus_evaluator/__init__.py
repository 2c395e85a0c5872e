"""CorpusEvaluator: does the model put together what belongs together?"""
