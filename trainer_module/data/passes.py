"""Passes over a dataset that share one iterator."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import tensorflow as tf


class Passes:
    """Batches that are read once an epoch, each time in the same order.

    TensorFlow instantiates a dataset's functions anew for each iterator; with a decoder of images
    that takes longer than to read a thousand tuples. So all passes share one iterator.

    Attributes:
      endless: the batches, pass after pass.
      batches: of each pass.
    """

    def __init__(self, dataset: tf.data.Dataset, batches: int):
        """Takes the dataset of one pass, and the number of its batches."""
        self._dataset, self.batches = dataset, batches
        self.endless = dataset.repeat()
        self._iterator: Iterator[Any] = iter(())
        self._left = batches

    def __iter__(self) -> Iterator[Any]:
        """One pass, from the first batch on; an earlier pass that was left early is dropped."""
        if self._left:
            self._iterator = iter(self.endless)
        self._left = self.batches
        for batch in islice(self._iterator, self.batches):
            self._left -= 1
            yield batch

    def first(self, batches: int) -> "Passes":
        """Passes over some of the batches, the first."""
        return Passes(self._dataset.take(batches), min(batches, self.batches))
