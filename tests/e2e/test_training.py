"""Nodes before the Trainer: tuning, and warm start from the last blessed model.

A metric chooses the epoch and the trial, and a third split is measured. The columns have names that a
CSV may have and a program stumbles over.
"""

import html
import re

import pytest
import tensorflow as tf

from tests.e2e.helpers import SCHEMA, digit_rows, write_recipe, write_rows
from tests.e2e.served import embed

pytestmark = pytest.mark.e2e

LABEL, PRICE, SIZE, TITLE, PLACE = "<script>", "unit price", "größe", "a[0]", "x/y"
COLUMNS = f"""
feature {{ name: "{PRICE}" type: FLOAT value_count {{ min: 1 max: 1 }} }}
feature {{ name: "{SIZE}" type: BYTES value_count {{ min: 1 max: 1 }} }}
feature {{ name: "{TITLE}" type: BYTES natural_language_domain {{}} }}
feature {{ name: "{PLACE}" type: INT value_count {{ min: 1 max: 1 }} }}
"""


def renamed(row, number):
    """A digit whose label has another name, with columns that say nothing of it."""
    feature = row.features.feature
    feature[LABEL].CopyFrom(feature["label"])
    del feature["label"]
    feature[PRICE].float_list.value.append(number % 7 / 2)
    feature[SIZE].bytes_list.value.append([b"S", b"M", b"<b>XL</b>"][number % 3])
    feature[TITLE].bytes_list.value.append(b"a shoe" if number % 2 else b"two shoes")
    feature[PLACE].int64_list.value.append(number % 5)
    return row


def test_the_best_values_train_and_the_next_run_starts_from_the_served_weights(tmp_path, worker):
    rows = [renamed(row, number) for number, row in enumerate(digit_rows(360))]
    write_rows(tmp_path / "rows.gz", rows)
    schema = SCHEMA.read_text().replace('name: "label"', f'name: "{LABEL}"') + COLUMNS
    (tmp_path / "named.pbtxt").write_text(schema, encoding="utf-8")
    changes = {
        "data.entities.item": {"schema": "named.pbtxt", "path": str(tmp_path / "*.gz")},
        "relation.source.feature": LABEL,
        "evaluation.slices": [LABEL, SIZE],
        "data.split": {"unit": "entity", "train": 6, "eval": 2, "test": 1},
        "training.keep": {"best": "map_at_r"},
        "tuning": {"trials": 2, "space": {"model.tower.embedding": [32, 48]}},
        "training.warm_start": True,
    }
    recipe = write_recipe(tmp_path / "searched.yaml", changes)

    first = worker.run(recipe, tmp_path / "runs")
    assert first.status == 0, first.terminal
    trials = re.findall(
        r"trial \d: model\.tower\.embedding (\d+)\n((?: +epoch .+\n)+)", first.terminal
    )
    best = {int(size): max(_losses(epochs, "map_at_r")) for size, epochs in trials}
    assert set(best) == {32, 48}
    served = tf.saved_model.load(str(first.folder / "serving" / first.versions[0]))
    assert embed(served, rows[:2]).shape == (2, max(best, key=best.__getitem__))
    changed = [tf.train.Example.FromString(rows[0].SerializeToString()) for _ in range(5)]
    for row, name in zip(changed[1:], (PRICE, SIZE, TITLE, PLACE), strict=True):
        row.features.feature[name].CopyFrom(rows[1].features.feature[name])
    usual, *others = embed(served, changed)
    assert all(abs(other - usual).max() > 1e-6 for other in others)
    slices = {part["feature"] for part in first.verdict["slices"]}
    assert slices == {f"anchor_{LABEL}", f"anchor_{SIZE}"}
    page = (first.folder / "report" / "index.html").read_text(encoding="utf-8")
    for text in (f"By anchor {LABEL}: ", f"By anchor {SIZE}: ", "<b>XL</b>"):
        assert html.escape(text) in page
    assert f"anchor {LABEL}" not in page
    assert "<b>XL" not in page
    tested = first.verdict["test"]["metrics"]
    of_eval = first.verdict["metrics"]
    assert 0 < tested["examples"] < of_eval["examples"]
    assert tested.keys() == of_eval.keys() - {"threshold", "f1_threshold"}
    assert first.verdict["corpus"]["test"]["question"]["queries"] == "test"
    assert "It also chose the epoch (by MAP@R) and the decision threshold." in page
    assert "The test split was neither trained on nor chose anything." in page

    second = worker.run(recipe, tmp_path / "runs")
    assert second.status == 0, second.terminal
    assert "Tuner" in second.nodes("cached")
    assert re.search(r"warm start: (\d+) of \1 weights taken over", second.terminal)
    begun = _losses(second.terminal, "loss")[0]
    assert begun < 0.6 * _losses(first.terminal, "loss")[0]
    assert second.versions[:-1] == first.versions


def _losses(terminal, name):
    """The values of each reported epoch, in order."""
    return [float(value) for value in re.findall(rf" {name} (\d\.\d+)", terminal)]
