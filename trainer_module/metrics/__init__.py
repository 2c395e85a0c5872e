"""Metrics of tuples: statistics (NumPy), and their TFMA form.

statistics    pure functions of scores that say how related two members are
numeric       pure functions of predicted numbers and classes
tags          pure functions of the tags of examples
ranking       pure functions of ranked lists
images        pure functions of images
jackknife     confidence intervals of metrics
collected     the collected tuples of a slice
registry      name -> function, and the relations that it applies to (imports no TensorFlow)
at_threshold  the registry's metrics at decision thresholds that were chosen before
tfma_metrics  one TFMA metric that computes any registered one
eval_config   recipe -> tfma.EvalConfig
"""
