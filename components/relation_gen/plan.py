"""The plan: which entities make which tuples. Ids only, no payloads, no Beam.

Entities are put in one order, the *dense index*: by (label, a hash of seed and key). All entities
of one label are then one block [start, end). A plan is drawn from blocks alone.

A new kind of tuple or sampler is a function like `plan_pairs`, and a line in `PLANNERS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from components.relation_gen import draw
from components.relation_gen.keys import I64, U64, words
from relation.recipe import PairSampling, RelationConfig, TripletSampling

POSITIVES, NEGATIVES, ORDER = 1, 2, 3
"""Purposes of pseudo-random words: each has a stream of its own."""

NO_POSITIVE = "no_positive"
"""The anchor is the only one of its label."""
TOO_FEW_POSITIVES = "too_few_positives"
TOO_FEW_NEGATIVES = "too_few_negatives"


@dataclass(frozen=True)
class Anchors:
    """n entities of the dense index: key, position, and the block [start, end) of their label."""

    key: U64
    position: I64
    start: I64
    end: I64

    def shift(self, by: int) -> "Anchors":
        """The same entities, with the dense index beginning elsewhere."""
        return Anchors(self.key, self.position + by, self.start + by, self.end + by)

    def slice(self, begin: int, stop: int) -> "Anchors":
        """The anchors begin..stop-1."""
        part = slice(begin, stop)
        return Anchors(self.key[part], self.position[part], self.start[part], self.end[part])


@dataclass(frozen=True)
class Plan:
    """t tuples, each known by the anchor's key and a slot.

    `positions`: for each role the position of its entity in the dense index, [t].
    `relation`, `probability`: NaN where a tuple has none, [t].
    `shortfall`: how many of the tuples that were asked for could not be made, by reason.
    """

    anchor: U64
    slot: npt.NDArray[np.uint32]
    positions: dict[str, I64]
    relation: npt.NDArray[np.float32]
    probability: npt.NDArray[np.float32]
    shortfall: dict[str, int]


def plan_pairs(anchors: Anchors, total: int, seed: int, sampling: PairSampling) -> Plan:
    """Pairs (left = anchor, right): positives in the first slots, then negatives.

    Args:
      total: entities in the dense index.
    """
    positives, negatives = sampling.positives_per_anchor, sampling.negatives_per_anchor
    right = np.concatenate(
        [
            _positives(anchors, seed, positives),
            _negatives(anchors, total, seed, negatives),
        ]
    )
    slot, index = np.nonzero(right >= 0)
    negative = slot >= positives
    others = anchors.end - anchors.start - 1
    lacking = np.maximum(positives - others, 0)
    return Plan(
        anchor=anchors.key[index],
        slot=slot.astype(np.uint32),
        positions={"left": anchors.position[index], "right": right[slot, index]},
        relation=np.where(negative, 0, 1).astype(np.float32),
        probability=np.where(negative, _probability(anchors, total)[index], np.nan).astype(
            np.float32
        ),
        shortfall={
            NO_POSITIVE: int(lacking[others == 0].sum()),
            TOO_FEW_POSITIVES: int(lacking[others > 0].sum()),
            TOO_FEW_NEGATIVES: int(_lacking_negatives(anchors, total, negatives).sum()),
        },
    )


def plan_triplets(anchors: Anchors, total: int, seed: int, sampling: TripletSampling) -> Plan:
    """Triplets: distinct negatives; positives distinct, and cycled where there are too few."""
    wanted = sampling.triplets_per_anchor
    others = anchors.end - anchors.start - 1
    distinct = _positives(anchors, seed, min(wanted, int(others.max(initial=0))))
    turn = np.arange(wanted)[:, None] % np.maximum(others, 1)  # [slots, n]
    if len(distinct):
        positive = np.take_along_axis(distinct, turn, axis=0)
    else:
        positive = np.full((wanted, len(others)), -1, dtype=np.int64)
    negative = _negatives(anchors, total, seed, wanted)
    slot, index = np.nonzero((positive >= 0) & (negative >= 0))
    lacking = _lacking_negatives(anchors, total, wanted)
    return Plan(
        anchor=anchors.key[index],
        slot=slot.astype(np.uint32),
        positions={
            "anchor": anchors.position[index],
            "positive": positive[slot, index],
            "negative": negative[slot, index],
        },
        relation=np.full(len(index), np.nan, dtype=np.float32),
        probability=_probability(anchors, total)[index],
        shortfall={
            NO_POSITIVE: int((others == 0).sum()) * wanted,
            TOO_FEW_NEGATIVES: int(lacking[others > 0].sum()),
        },
    )


class Asked(NamedTuple):
    """What a sampling asks for each anchor: tuples, positives and negatives.

    `joint`: one tuple holds both a positive and a negative.
    """

    tuples: int
    positives: int
    negatives: int
    joint: bool


def asked_pairs(sampling: PairSampling) -> Asked:
    """Each pair is a positive or a negative."""
    positives, negatives = sampling.positives_per_anchor, sampling.negatives_per_anchor
    return Asked(positives + negatives, positives, negatives, joint=False)


def asked_triplets(sampling: TripletSampling) -> Asked:
    """Each triplet has a positive and a negative."""
    count = sampling.triplets_per_anchor
    return Asked(count, count, count, joint=True)


class Planner(NamedTuple):
    """How tuples of one type are drawn, and what their sampling asks for."""

    plan: Callable[[Anchors, int, int, Any], Plan]
    asked: Callable[[Any], Asked]


PLANNERS = {
    "pairs": Planner(plan_pairs, asked_pairs),
    "triplets": Planner(plan_triplets, asked_triplets),
}


def make_plan(anchors: Anchors, total: int, relation: RelationConfig) -> Plan:
    """Draws the tuples of some anchors.

    Args:
      total: entities in the dense index.
    """
    return PLANNERS[relation.type].plan(anchors, total, relation.seed, relation.sampling)


def asked_of(relation: RelationConfig) -> Asked:
    """What a relation asks for each anchor."""
    return PLANNERS[relation.type].asked(relation.sampling)


def kinds(plan: Plan) -> dict[str, int]:
    """How many tuples of each value of `relation` a plan holds; empty where tuples have none."""
    return {
        "positives_made": int((plan.relation == 1).sum()),
        "negatives_made": int((plan.relation == 0).sum()),
    }


def dense_index(key: U64, label: U64, seed: int) -> Anchors:
    """Puts entities in the order of the dense index, from position 0 on.

    Args:
      key, label: [n]; all entities that have one of these labels.
    """
    turn = words(seed, ORDER, key, np.zeros(1, dtype=np.uint64))
    order = np.lexsort((key, turn, label))
    key, label = key[order], label[order]
    first = np.flatnonzero(np.r_[True, label[1:] != label[:-1]][: len(label)])
    sizes = np.diff(np.r_[first, len(label)])
    return Anchors(
        key=key,
        position=np.arange(len(key), dtype=np.int64),
        start=np.repeat(first, sizes),
        end=np.repeat(first + sizes, sizes),
    )


def _positives(anchors: Anchors, seed: int, count: int) -> I64:
    """Positions of `count` distinct others of the anchor's label, [count, n]; -1: there is none."""
    drawn = draw.distinct(
        words(seed, POSITIVES, anchors.key, np.arange(count)[:, None]),
        anchors.end - anchors.start - 1,
    )
    own = anchors.position - anchors.start
    return np.where(drawn < 0, -1, draw.skip(drawn, own, own + 1) + anchors.start)


def _negatives(anchors: Anchors, total: int, seed: int, count: int) -> I64:
    """Positions of `count` distinct entities of other labels, [count, n]; -1: there is none."""
    drawn = draw.distinct(
        words(seed, NEGATIVES, anchors.key, np.arange(count)[:, None]),
        total - (anchors.end - anchors.start),
    )
    return draw.skip(drawn, anchors.start, anchors.end)


def _lacking_negatives(anchors: Anchors, total: int, count: int) -> I64:
    return np.maximum(count - (total - (anchors.end - anchors.start)), 0)


def _probability(anchors: Anchors, total: int) -> npt.NDArray[np.float32]:
    """With which each slot draws any one of the anchor's negatives, [n]."""
    size = np.maximum(total - (anchors.end - anchors.start), 1)
    return (1.0 / size).astype(np.float32)
