"""The training run: optimizers, loops, callbacks."""
