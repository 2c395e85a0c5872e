"""The history of a training, kept beside the TensorBoard logs."""

import json
import os
from typing import Literal

from pydantic import Field

from relation.spec import Frozen

_FILE = "history.json"


class History(Frozen):
    """Losses by epoch, and the epoch whose weights were kept.

    `keep`: whether it is the best by validation loss, or the last.
    `effective_rank`, `mean_distance`: of embeddings of validation tuples, by entity type and epoch
    (`trainer_module.training.callbacks.embedding_dispersion`).
    """

    loss: tuple[float, ...]
    val_loss: tuple[float, ...]
    keep: Literal["best", "last"] = "best"
    effective_rank: dict[str, tuple[float, ...]] = Field(default={})
    mean_distance: dict[str, tuple[float, ...]] = Field(default={})

    @property
    def epochs(self) -> int:
        """Number of trained epochs."""
        return len(self.val_loss)

    @property
    def kept_epoch(self) -> int:
        """The epoch that was kept, from 1."""
        return self.epochs if self.keep == "last" else self.val_loss.index(min(self.val_loss)) + 1

    @property
    def kept_loss(self) -> float:
        """The validation loss of the kept epoch."""
        return self.val_loss[self.kept_epoch - 1]


def write_history(history: History, folder: str) -> None:
    """Writes the history into a model_run artifact."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, _FILE), "w", encoding="utf-8") as file:
        file.write(history.model_dump_json())


def read_history(folder: str) -> History:
    """Reads what `write_history` wrote."""
    with open(os.path.join(folder, _FILE), encoding="utf-8") as file:
        return History.model_validate(json.load(file))
