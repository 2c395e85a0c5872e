"""Measures of quality beside those of peers, as results."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Literal

from bench.results import Result

Measures = Mapping[str, float]
"""Of one model: by the name of the measure."""


def results(
    name: str,
    ours: Sequence[Measures],
    peers: Mapping[str, Sequence[Measures]],
    goals: Measures,
    protocol: str,
    better: Literal["higher", "lower"] = "higher",
) -> list[Result]:
    """A result a measure, `<name>_<measure>`: means over our models and over each peer's.

    Args:
      ours: a model a seed.
      peers: others' models, by name.
      goals: bounds of the measures themselves; a peer that is better than its bound is the bound.
      protocol: as of a Result.
    """
    best = max if better == "higher" else min
    found = []
    for measure, goal in goals.items():
        values = [measured[measure] for measured in ours]
        others = {peer: [one[measure] for one in theirs] for peer, theirs in peers.items()}
        peer = best(statistics.mean(theirs) for theirs in others.values())
        print(
            f"{name}_{measure}: {' '.join(f'{v:.4f}' for v in values)}  "
            f"mean {statistics.mean(values):.4f}  peers "
            + ", ".join(f"{who} {statistics.mean(v):.4f}" for who, v in others.items()),
            flush=True,
        )
        found.append(
            Result.of(
                f"{name}_{measure}",
                "share",
                better,
                values,
                others,
                best(goal, peer) / peer,
                statistics.mean,
                protocol,
            )
        )
    return found
