"""Composes drawn positives and negatives into pairs, or into tuples of an anchor and both."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from components.common.columns import Dictionary, Strings
from components.common.example_wire import entry, keyed
from components.common.hashing import I64, U64, Purpose
from components.relation_gen.batches import F32, F64
from components.relation_gen.sampling import base, without_replacement
from components.relation_gen.sampling.base import NOTHING, AddressSpace, Plan, RoleMembers
from components.relation_gen.sampling.ranges import Ranges
from relation.core.splitmix import random_bits


class Positives(NamedTuple):
    """Positives of n anchors, [p], grouped by anchor: `row` is the anchor of each.

    `relation`: [p * width], `weight`: [p] or empty.
    """

    row: I64
    space: AddressSpace
    value: U64 | I64
    relation: F32
    weight: F32


class Negatives(NamedTuple):
    """Drawn negatives of n anchors, [q], grouped by anchor."""

    row: I64
    space: AddressSpace
    value: U64 | I64
    probability: F32


NO_EXTRA_FEATURES = Dictionary.empty()


def add_ids(
    features: list[bytes], name: str, ids: Strings, bounds: I64, most: int, integers: bool
) -> None:
    """Add a feature of distinct ids to the serialized features of each anchor.

    Args:
      features: serialized features of n anchors; changed in place.
      name: of the feature.
      ids: those of anchor i are ids[bounds[i]:bounds[i + 1]].
      bounds: int64 [n + 1].
      most: ids of an anchor, the first ones.
      integers: whether the ids are decimal digits.
    """
    values = list(ids)
    for i, (begin, stop) in enumerate(itertools.pairwise(bounds.tolist())):
        kept = list(itertools.islice(dict.fromkeys(values[begin:stop]), most))
        features[i] += entry(name, keyed(kept, integers))


def draw_negatives(
    seed: int,
    key: U64,
    count: I64,
    ranges: Ranges,
    top_weights: Sequence[tuple[int, int]] | None,
) -> Negatives:
    """Draws distinct negatives: `count` for each anchor, or all if there are fewer.

    Args:
      key: of the anchors, uint64 [n].
      count: int64 [n].
      ranges: allowed positions, or allowed weight offsets.
      top_weights: weights and weight offsets of the heaviest; None: all weights are equal.
    """
    size = ranges.size()
    if top_weights is None:
        drawn = without_replacement.distinct(seed, Purpose.NEGATIVES, key, count, size)
        space = AddressSpace.POSITION
    else:
        # No k distinct entities can each be drawn with probability w/L if k w > L.
        count = np.minimum(count, size // np.maximum(_heaviest(ranges, top_weights, len(key)), 1))
        drawn = without_replacement.systematic_sample(seed, Purpose.NEGATIVES, key, count, size)
        space = AddressSpace.WEIGHT
    probability = (1.0 / np.maximum(size, 1)).astype(np.float32)
    return Negatives(
        drawn.row, space, ranges.position(drawn.row, drawn.value), probability[drawn.row]
    )


def _heaviest(ranges: Ranges, top_weights: Sequence[tuple[int, int]], n: int) -> I64:
    """An upper bound of the weight of each row's heaviest candidate, [n]."""
    heaviest = np.full(n, top_weights[-1][0] if top_weights else 1, dtype=np.int64)
    rows = np.arange(n)
    for weight, weight_offset in top_weights:
        present = ranges.holds(weight_offset)[rows]
        heaviest[rows[present]] = weight
        rows = rows[~present]
        if not len(rows):
            break
    return heaviest


def pairs(
    key: U64,
    positives: Positives,
    negatives: Negatives,
    width: int,
    weight: F32 | None,
    requested: int,
    shortfall: dict[str, int],
    extra_features: Dictionary = NO_EXTRA_FEATURES,
) -> Plan:
    """Composes pairs (left = anchor, right): the positives of each anchor, then its negatives.

    Args:
      key: of the anchors, [n].
      width: number of values of a label.
      weight: `relation_weight` of each anchor's negatives, [n]; None: pairs have no weights.
      requested, shortfall: see `Plan`.
      extra_features: those of the tuples of each anchor, [n].
    """
    row = np.concatenate([positives.row, negatives.row])
    n, p = len(key), len(positives.row)
    before = np.bincount(positives.row, minlength=n)
    slot = np.concatenate(
        [_slots(positives.row, n), _slots(negatives.row, n) + before[negatives.row]]
    )
    false = np.zeros(len(negatives.row) * width, dtype=np.float32)
    weights = NOTHING
    if weight is not None:
        weights = np.concatenate([positives.weight, weight[negatives.row]])
    anchor = key[row]
    return Plan(
        anchor=anchor,
        slot=slot.astype(np.uint32),
        members=(
            RoleMembers(0, AddressSpace.KEY, anchor),
            RoleMembers(1, positives.space, positives.value, np.arange(p)),
            RoleMembers(
                1,
                negatives.space,
                negatives.value,
                np.arange(p, len(row)),
                negatives.probability,
            ),
        ),
        relation=np.concatenate([positives.relation, false]),
        weight=weights,
        requested=requested,
        shortfall=shortfall,
        counts={"positives_made": p, "negatives_made": len(negatives.row)},
        extra_features=extra_features.take(row),
    )


def tuples(
    key: U64,
    requested: I64,
    positives: Positives,
    others: I64,
    negatives: Negatives,
    each: tuple[int, int],
    extra_features: Dictionary = NO_EXTRA_FEATURES,
    *,
    cycled: bool = True,
) -> Plan:
    """Anchor, positives, negatives.

    Args:
      key: of the anchors, [n].
      requested: number of tuples of each anchor, [n].
      others: number of positives of each anchor without caps, [n].
      each: numbers of positives and negatives of a tuple.
      extra_features: those of the tuples of each anchor, [n].
      cycled: whether positives repeat if there are too few for all tuples.
    """
    n, (p, k) = len(key), each
    held, drawn = (np.bincount(part.row, minlength=n) for part in (positives, negatives))
    uncapped, possible = (
        np.where(positive >= p, requested, 0) if cycled else np.minimum(requested, positive // p)
        for positive in (others, held)
    )
    count = np.minimum(possible, drawn // k)
    row, slot = without_replacement.slots(count)
    first = (np.cumsum(held) - held)[row]
    chosen = [first + (slot * p + i) % held[row] for i in range(p)]
    begin = (np.cumsum(drawn) - drawn)[row]
    refused = [begin + slot * k + i for i in range(k)]
    anchor = key[row]
    lacking = requested - uncapped
    return Plan(
        anchor=anchor,
        slot=slot.astype(np.uint32),
        members=(
            RoleMembers(0, AddressSpace.KEY, anchor),
            *(
                RoleMembers(1 + i, positives.space, positives.value[at])
                for i, at in enumerate(chosen)
            ),
            *(
                RoleMembers(
                    1 + p + i,
                    negatives.space,
                    negatives.value[at],
                    probability=negatives.probability[at],
                )
                for i, at in enumerate(refused)
            ),
        ),
        relation=NOTHING,
        weight=positives.weight[chosen[0]] if len(positives.weight) else NOTHING,
        requested=int(requested.sum()),
        shortfall={
            base.NO_POSITIVE: int(lacking[others == 0].sum()),
            base.TOO_FEW_POSITIVES: int(lacking[others > 0].sum()),
            base.CAPPED: int((uncapped - possible).sum()),
            base.TOO_FEW_NEGATIVES: int((possible - count).sum()),
        },
        extra_features=extra_features.take(row),
    )


def negatives_for_share(seed: int, key: U64, positives: I64, share: float) -> I64:
    """Number of negatives of each anchor, [n], so that on average `share` of its pairs are
    positive."""
    wanted: F64 = positives * (1 - share) / share
    whole = np.floor(wanted)
    bits = random_bits(seed, Purpose.SHARES, key, np.zeros(1, dtype=np.int64))
    fraction = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return (whole + (fraction < wanted - whole)).astype(np.int64)


def _slots(row: I64, n: int) -> I64:
    """0, 1, … within each row of sorted row numbers, int64 [m].

    Args:
      row: sorted numbers in [0, n), int64 [m].
    """
    return without_replacement.slots(np.bincount(row, minlength=n))[1]
