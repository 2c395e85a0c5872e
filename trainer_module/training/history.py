"""The history of a training, kept beside the TensorBoard logs."""

import json
import os
from collections.abc import Sequence

import numpy as np
from pydantic import Field

from relation.spec import Frozen
from relation.training import Keep
from trainer_module.metrics.registry import Better

_FILE = "history.json"
_KEPT = "kept_epoch"


class History(Frozen):
    """Losses by epoch, and the epoch whose weights were kept.

    `keep`: as in the recipe's training. `metric`: by epoch, where a metric chooses; None where it
    is undefined. `better`: whether its higher or lower values are better.
    `effective_rank`, `mean_distance`: of embeddings of validation tuples, by entity type and epoch
    (`trainer_module.training.callbacks.embedding_dispersion`).
    """

    loss: tuple[float, ...]
    val_loss: tuple[float, ...]
    keep: Keep = "best"
    metric: tuple[float | None, ...] = ()
    better: Better = "lower"
    effective_rank: dict[str, tuple[float, ...]] = Field(default={})
    mean_distance: dict[str, tuple[float, ...]] = Field(default={})

    @property
    def epochs(self) -> int:
        """Number of trained epochs."""
        return len(self.val_loss)

    @property
    def kept_epoch(self) -> int:
        """The epoch that was kept, from 1: the first of equal ones."""
        if self.keep == "last":
            return self.epochs
        if self.keep == "best":
            return best_epoch(self.val_loss, "lower")
        return best_epoch(self.metric, self.better)

    @property
    def kept_loss(self) -> float:
        """The validation loss of the kept epoch."""
        return self.val_loss[self.kept_epoch - 1]

    @property
    def kept_metric(self) -> float | None:
        """The metric of the kept epoch; None if no metric chooses."""
        return self.metric[self.kept_epoch - 1] if self.metric else None


def best_epoch(values: Sequence[float | None], better: Better) -> int:
    """Return the first epoch with the best value, from 1; one without a value is the worst.

    >>> best_epoch([None, 0.5, 0.75, 0.75], "higher"), best_epoch([0.5, None, 0.25], "lower")
    (3, 3)
    """
    sign = 1.0 if better == "higher" else -1.0
    return int(np.argmax([-np.inf if v is None else sign * v for v in values])) + 1


def write_history(history: History, folder: str) -> None:
    """Writes the history into a model_run artifact, with the kept epoch for other readers."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, _FILE), "w", encoding="utf-8") as file:
        json.dump({**history.model_dump(), _KEPT: history.kept_epoch}, file)


def read_history(folder: str) -> History:
    """Reads what `write_history` wrote."""
    with open(os.path.join(folder, _FILE), encoding="utf-8") as file:
        values = json.load(file)
    values.pop(_KEPT, None)
    return History.model_validate(values)
