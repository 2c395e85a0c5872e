"""Metrics of tuples and of embeddings: statistics (NumPy), their TFMA form, and what came of a run.

statistics    pure functions of scores that say how related two members are
numeric       pure functions of predicted numbers and classes
tags          pure functions of the tags of examples
ranking       pure functions of ranked lists
images        pure functions of images
jackknife     what a metric may be off by
collected     what is collected of the tuples of a slice
registry      name -> function, and the relations that it applies to (imports no TensorFlow)
tfma_metrics  one TFMA metric that computes any registered one
eval_config   recipe -> tfma.EvalConfig
"""
