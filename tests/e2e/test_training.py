"""Nodes before the Trainer: tuning, and warm start from the last blessed model."""

import re

import pytest
import tensorflow as tf

from tests.e2e.helpers import SCHEMA, digit_rows, write_recipe, write_rows
from tests.e2e.served import embed

pytestmark = pytest.mark.e2e


def test_the_best_values_train_and_the_next_run_starts_from_the_served_weights(tmp_path, worker):
    rows = digit_rows(320)
    write_rows(tmp_path / "rows.gz", rows)
    changes = {
        "data.entities.item": {"schema": str(SCHEMA), "path": str(tmp_path / "*.gz")},
        "tuning": {"trials": 2, "space": {"model.tower.embedding": [32, 48]}},
        "training.warm_start": True,
    }
    recipe = write_recipe(tmp_path / "searched.yaml", changes)

    first = worker.run(recipe, tmp_path / "runs")
    assert first.status == 0, first.terminal
    trials = re.findall(
        r"trial \d: model\.tower\.embedding (\d+)\n((?: +epoch .+\n)+)", first.terminal
    )
    losses = {int(size): min(_losses(epochs, "val_loss")) for size, epochs in trials}
    assert set(losses) == {32, 48}
    served = tf.saved_model.load(str(first.folder / "serving" / first.versions[0]))
    assert embed(served, rows[:2]).shape == (2, min(losses, key=losses.__getitem__))

    second = worker.run(recipe, tmp_path / "runs")
    assert second.status == 0, second.terminal
    assert "Tuner" in second.nodes("cached")
    assert "warm start: 14 of 14 weights taken over" in second.terminal
    begun = _losses(second.terminal, "loss")[0]
    assert begun < 0.6 * _losses(first.terminal, "loss")[0]
    assert second.versions[:-1] == first.versions


def _losses(terminal, name):
    """The values of each reported epoch, in order."""
    return [float(value) for value in re.findall(rf" {name} (\d\.\d+)", terminal)]
