"""What became of the trials of a search, in the artifact `tuner_results`."""

import json
import os
from collections.abc import Mapping
from typing import NamedTuple

_FILE = "trials.json"


class TrialCounts(NamedTuple):
    """What became of the trials of a search; `tuner_results.json` has those that ended well.

    requested: number of trials that the recipe requests.
    failures: reason by id of the failed trial, in the order of the trials.
    objective: name of the value that trials are compared by.
    direction: "min" or "max".
    """

    requested: int
    failures: Mapping[str, str]
    objective: str = "val_loss"
    direction: str = "min"


def write_counts(counts: TrialCounts, folder: str) -> None:
    """Write the counts beside TFX's results."""
    with open(os.path.join(folder, _FILE), "w", encoding="utf-8") as file:
        json.dump(counts._asdict(), file)


def read_counts(folder: str) -> TrialCounts:
    """Read what `write_counts` wrote."""
    with open(os.path.join(folder, _FILE), encoding="utf-8") as file:
        return TrialCounts(**json.load(file))
