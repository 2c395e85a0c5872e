"""Metrics of tuples and of embeddings: statistics (NumPy), their TFMA form, and what came of a run.

statistics    pure functions of scores
registry      name -> function, and the relations that it applies to (imports no TensorFlow)
tfma_metrics  one TFMA metric that computes any registered one
eval_config   recipe -> tfma.EvalConfig
results       Evaluation artifact -> verdict
retrieval     measures of nearest neighbours
"""
