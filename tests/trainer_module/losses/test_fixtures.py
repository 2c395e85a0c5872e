"""Losses against what other libraries answered; tests/fixtures/losses/record.py recorded it."""

import json
from pathlib import Path

import numpy as np
import pytest

from relation.recipe import ComponentConfig
from tests.trainer_module.losses.helpers import tensor
from trainer_module.losses.base import BatchLoss
from trainer_module.losses.triplet import Triplet
from trainer_module.ops import weighted_mean
from trainer_module.registry import LOSSES, MINERS

FOLDER = Path(__file__).parents[2] / "fixtures" / "losses"
GIVEN = {
    name: {key: np.array(value) for key, value in arrays.items()}
    for name, arrays in json.loads((FOLDER / "inputs.json").read_text()).items()
}
RECORDED = [json.loads((FOLDER / f"{name}.json").read_text()) for name in ("torch", "tensorflow")]
CASES = [case for recorded in RECORDED for case in recorded["cases"]]
PAIRS, LISTS, BATCH, TAGS = (GIVEN[name] for name in ("tuples", "lists", "batch", "tags"))


def _unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def _scores(kind: str, left, right):
    """Relatedness of every left with every right: [left, right]."""
    if kind in ("cosine", "cosine_6"):
        return _unit(left) @ _unit(right).T
    squared = ((left[:, None] - right[None]) ** 2).sum(-1)
    return {"dot": left @ right.T, "distance": -np.sqrt(squared), "squared_distance": -squared}[
        kind
    ]


def _each(kind: str, right: str):
    """Relatedness of the left and right of each pair: [pairs, 1]."""
    return np.diag(_scores(kind, PAIRS["left"], PAIRS[right]))[:, None]


def _groups(kind: str, count: int = 12):
    points, groups = BATCH["embeddings"][:count], BATCH["groups"][:count]
    return (
        _scores(kind, points, points),
        groups[:, None] == groups[None],
        ~np.eye(count, dtype=bool),
    )


def _diagonal(kind: str, candidates: int = 9):
    right = BATCH["candidates"][:candidates]
    eye = np.eye(6, candidates, dtype=bool)
    return _scores(kind, BATCH["queries"], right), eye, np.ones_like(eye)


def _corrected():
    scores, eye, _ = _diagonal("dot")
    ids = BATCH["ids"]
    hits = (ids[:6, None] == ids[None]) & ~eye
    return scores, eye, ~hits, np.log(BATCH["probability"])


def _to_proxies():
    scores = _scores("cosine", BATCH["embeddings"], BATCH["proxies"])
    return scores, BATCH["groups"][:, None] == np.arange(6)[None], np.ones_like(scores, bool)


def _candidates():
    return np.tile([1.0, 0, 0, 0, 0], (8, 1)), PAIRS["candidates"]


VIEWS = {
    "pairs_by_distance": lambda: (PAIRS["related"][:, None], _each("distance", "right")),
    "pairs_by_logit": lambda: (PAIRS["related"][:, None], PAIRS["logits"]),
    "confidences_by_cosine": lambda: (PAIRS["confidence"][:, None], _each("cosine", "right")),
    "triplets_by_squared_distance": lambda: (
        np.tile([1.0, 0.0], (8, 1)),
        np.hstack([_each("squared_distance", side) for side in ("right", "other")]),
    ),
    "values": lambda: (PAIRS["left"], PAIRS["right"]),
    "candidates": _candidates,
    "candidates_drawn": lambda: (*_candidates(), np.log(PAIRS["probability"])),
    "lists": lambda: (LISTS["grades"], LISTS["scores"]),
    "full_lists": lambda: (LISTS["grades"][:3], LISTS["scores"][:3]),
    "groups_by_cosine": lambda: _groups("cosine"),
    "groups_by_distance": lambda: _groups("distance"),
    "groups_by_squared_distance": lambda: _groups("squared_distance"),
    "paired_groups_by_cosine": lambda: _groups("cosine", 11),
    "paired_groups_by_distance": lambda: _groups("distance", 11),
    "paired_groups_by_squared_distance": lambda: _groups("squared_distance", 11),
    "diagonal_by_dot": lambda: _diagonal("dot"),
    "diagonal_by_cosine_6": lambda: _diagonal("cosine", 6),
    "diagonal_corrected": _corrected,
    "proxies": _to_proxies,
    "tags": lambda: (TAGS["labels"], TAGS["logits"]),
    "confidences": lambda: (TAGS["confidences"], TAGS["logits"]),
    "weighted_tags": lambda: (TAGS["labels"], TAGS["logits"], TAGS["weights"]),
    "weighted_confidences": lambda: (TAGS["confidences"], TAGS["logits"], TAGS["weights"]),
    "images": lambda: (GIVEN["images"]["targets"], GIVEN["images"]["predictions"]),
}


def _reduced(reduce: str, loss, losses, arrays) -> np.ndarray:
    """Our losses of rows, as the library reduces them."""
    if reduce in ("rows", "scalar"):
        return losses
    if reduce == "sum":
        return losses.sum()
    weights = np.ones(len(losses))
    if reduce == "defined":
        assert isinstance(loss, BatchLoss)
        weights = np.asarray(loss.defined(*arrays[1:3]), float)
    elif reduce == "positives":
        weights = (arrays[1] & arrays[2]).sum(axis=1)
    else:
        assert reduce == "mean"
    return (losses * weights).sum() / weights.sum()


def _ours(case) -> np.ndarray:
    arrays = VIEWS[case["view"]]()
    tensors = [tensor(x) for x in arrays]
    if case["reduce"] == "mined":
        miner = MINERS.resolve(ComponentConfig(type=case["loss"]))
        mined = miner(Triplet(**case["parameters"]), *tensors)
        return np.asarray(weighted_mean(*mined))
    loss = LOSSES.resolve(ComponentConfig(type=case["loss"], **case["parameters"]))
    losses = np.asarray(loss(*tensors), np.float64)
    return _reduced(case["reduce"], loss, losses, arrays)


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['loss']}-{case['library']}-{case['function']}" for case in CASES]
)
def test_losses_agree_with_other_libraries(case):
    expected = case["scale"] * np.array(case["value"]) + case["offset"]
    ours = _ours(case)
    assert np.shape(ours) == np.shape(expected)
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)
    assert np.any(np.abs(expected) > 1e-3)  # Something was compared.
