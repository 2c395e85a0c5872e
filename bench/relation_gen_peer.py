"""Draws triplets with pytorch-metric-learning, in its own environment (`peers.py`)."""

import sys
import time

import torch
from pytorch_metric_learning.samplers import FixedSetOfTriplets


def main(rows: int, classes: int, triplets: int) -> None:
    """Prints how many triplets are drawn a second of processor time."""
    drawing = FixedSetOfTriplets(torch.arange(rows) % classes, 1)  # It groups the labels.
    drawing.num_triplets = triplets
    begin = time.process_time()
    drawing.create_fixed_set_of_triplets()
    print(triplets / (time.process_time() - begin))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
