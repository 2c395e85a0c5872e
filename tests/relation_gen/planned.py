"""Small worlds of entities for the tests of plans: what is related is told by brute force."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from components.common.columns import Strings
from components.common.example_wire import joined
from components.relation_gen.batches import Indexed, IndexShard
from components.relation_gen.index.shard import UNIT, populate, weigh
from components.relation_gen.sampling import base, label_sets
from components.relation_gen.sampling import groups as labels
from components.relation_gen.sampling.base import AddressSpace, Plan
from relation.core import splitmix
from tests.relations import compiled

NOTHING = np.zeros(0, dtype=np.float32)


def key_of(entity: int) -> int:
    return int(splitmix.mix(np.array([entity + 1], dtype=np.uint64))[0])


@dataclass
class World:
    """Entities 0, 1, …: the labels and the group of each, and how often it occurs."""

    labels: Sequence[frozenset[int]]
    group: Sequence[int] = ()
    frequency: Sequence[float] = ()
    weight: Sequence[float] = ()
    entity: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.group = self.group or [0] * len(self.labels)
        self.frequency = self.frequency or [1.0] * len(self.labels)
        self.entity = {key_of(i): i for i in range(len(self.labels))}

    def __len__(self) -> int:
        return len(self.labels)

    def related(self, anchor: int) -> set[int]:
        return {i for i in range(len(self)) if i != anchor and self.labels[i] & self.labels[anchor]}

    def label_set(self, entity: int, grouped: bool) -> tuple[Any, ...]:
        return tuple(sorted(self.labels[entity])), self.group[entity] if grouped else 0

    def allowed(self, anchor: int, where: str) -> set[int]:
        """What may be a negative of an anchor."""
        others = {i for i in range(len(self)) if not self.labels[i] & self.labels[anchor]}
        if where == "anywhere":
            return others
        own = self.group[anchor]
        return {i for i in others if (self.group[i] == own) == (where == "within")}

    def line(self, negatives: Any) -> list[int]:
        """The weight of each entity."""
        grouped = negatives.where != "anywhere"
        named = [self.label_set(i, grouped) for i in range(len(self))]
        if negatives.draw == "uniform":
            return [1] * len(self)
        if negatives.draw == "groups":
            return [UNIT // named.count(name) for name in named]
        return [round(f**negatives.alpha * 2**20) if f else 0 for f in self.frequency]

    def marginal(self, anchor: int, negatives: Any) -> dict[int, float]:
        """With what probability each entity is drawn as a negative of an anchor, in each slot."""
        line, allowed = self.line(negatives), self.allowed(anchor, negatives.where)
        total = sum(line[i] for i in allowed)
        return {i: line[i] / total for i in allowed if line[i]}

    def negatives_possible(self, anchor: int, negatives: Any) -> int:
        """How many distinct negatives of the stated probability there can be."""
        line, allowed = self.line(negatives), self.allowed(anchor, negatives.where)
        weights = [line[i] for i in allowed]
        return sum(weights) // max([*weights, 1])


def relation_of(kind: str, seed: int = 0, **sampling: Any) -> Any:
    source = {"type": "same_label", "feature": "label"}
    relation = {"type": kind, "source": source, "sampling": sampling, "seed": seed}
    return compiled({"item": "id"}, relation)


def hashed(number: int) -> int:
    return int(splitmix.mix(np.array([number + 10**6], dtype=np.uint64))[0])


def labelled(world: World, relation: Any, parts: int = 2) -> list[labels.Labelled]:
    """The cells of a world, as the steps before would make them."""
    negatives, cap = relation.sampling.negative_sampler, relation.sampling.caps.positives_per_entity
    grouped = negatives.where != "anywhere"
    table = grouped or any(len(own) > 1 for own in world.labels)
    names = sorted({world.label_set(i, grouped) for i in range(len(world))})
    number = {name: hashed(i) for i, name in enumerate(names)}
    of = [number[world.label_set(i, grouped)] for i in range(len(world))]
    shards: list[IndexShard] = []
    for part in range(parts):
        mine = [i for i in range(len(world)) if of[i] * parts >> 64 == part]
        indexed = Indexed(
            np.array([key_of(i) for i in mine], dtype=np.uint64),
            np.array([of[i] for i in mine], dtype=np.uint64),
            np.array([world.group[i] for i in mine], dtype=np.uint64),
            np.array([world.frequency[i] for i in mine], dtype=np.float64),
        )
        if mine:
            shard = populate(indexed, relation.seed)
            shards.append(weigh(shard, negatives, shard.number(0)))
    position_offsets = np.cumsum([0, *(len(shard.key) for shard in shards)]).tolist()
    weight_offsets = np.cumsum([0, *(shard.weight for shard in shards)]).tolist()
    candidates = base.Candidates(
        position_offsets[-1], weight_offsets[-1], top_weights(shards, weight_offsets)
    )
    known = {value: name for name, value in number.items()}
    found = [
        (
            group,
            known[group][1],
            joined(b"%d" % label for label in known[group][0]),
            position + start,
            end - start,
            weight_offset + int(shard.cumulative_weight[start])
            if len(shard.cumulative_weight)
            else position + start,
            int(shard.cumulative_weight[end] - shard.cumulative_weight[start])
            if len(shard.cumulative_weight)
            else end - start,
        )
        for shard, position, weight_offset in zip(
            shards, position_offsets[:-1], weight_offsets[:-1], strict=True
        )
        for group, start, end in sorted(
            set(zip(shard.group.tolist(), shard.start.tolist(), shard.end.tolist(), strict=True))
        )
    ]
    weighted = negatives.draw != "uniform"
    related = None
    if table:
        hashes, grouped_by, names_of, *numbers = zip(*found, strict=True)
        sets = label_sets.LabelSets(
            np.array(hashes, dtype=np.uint64),
            np.array(grouped_by, dtype=np.uint64),
            Strings.of(names_of),
            *(np.array(values, dtype=np.int64) for values in numbers),
        )
        related = label_sets.make_table(sets, negatives.where, weighted, "label")
    return [
        labels.Labelled(
            shard, position, weight_offset, candidates, related, _weight(world, shard), cap
        )
        for shard, position, weight_offset in zip(
            shards, position_offsets[:-1], weight_offsets[:-1], strict=True
        )
    ]


def _weight(world: World, shard: IndexShard) -> Any:
    if not world.weight:
        return NOTHING
    return np.array([world.weight[world.entity[k]] for k in shard.key.tolist()], dtype=np.float32)


@dataclass
class Made:
    """A tuple: its members by role; of drawn negatives the stated probability."""

    anchor: int
    slot: int
    members: dict[int, int] = field(default_factory=dict)
    probability: dict[int, float] = field(default_factory=dict)
    relation: list[float] = field(default_factory=list)
    weight: float | None = None
    more: bytes = b""


def made(
    plans: Iterable[Plan], entity: dict[int, int], shards: Sequence[IndexShard] = ()
) -> tuple[list[Made], dict[str, int]]:
    """The tuples of plans, each member found by brute force; and the sums of what was counted."""
    in_order = [int(k) for shard in shards for k in shard.key.tolist()]
    on_line = [
        (entity[k], w)
        for shard in shards
        if len(shard.cumulative_weight)
        for k, w in zip(shard.key.tolist(), np.diff(shard.cumulative_weight).tolist(), strict=True)
    ]
    found: list[Made] = []
    totals = {"asked": 0}
    for plan in plans:
        found += list(_tuples(plan, entity, in_order, on_line))
        totals["asked"] += plan.requested
        for name, count in (plan.shortfall | plan.counts).items():
            totals[name] = totals.get(name, 0) + count
    return found, {name: count for name, count in totals.items() if count}


def _tuples(
    plan: Plan, entity: dict[int, int], in_order: list[int], on_line: list[tuple[int, int]]
) -> Iterator[Made]:
    t = len(plan.anchor)
    width = len(plan.relation) // max(t, 1)
    assert len(plan.slot) == t
    assert len(plan.weight) in (0, t)
    assert len(plan.extra_features) in (0, t)
    label, entries = plan.relation.reshape(t, width).tolist(), list(plan.extra_features.values)
    tuples = [
        Made(
            entity.get(int(plan.anchor[i]), int(plan.anchor[i])),
            int(plan.slot[i]),
            relation=label[i],
            weight=float(plan.weight[i]) if len(plan.weight) else None,
            more=entries[plan.extra_features.index[i]] if len(plan.extra_features) else b"",
        )
        for i in range(t)
    ]
    ends = np.cumsum([weight for _, weight in on_line])
    for role, line, value, of, probability in plan.members:
        rows = range(t) if of is None else of.tolist()
        assert len(rows) == len(value)
        for j, row in enumerate(rows):
            weight = 1.0
            if line is AddressSpace.KEY:
                member = entity.get(int(value[j]), int(value[j]))
            elif line is AddressSpace.POSITION:
                assert value[j] >= 0
                member = entity[in_order[value[j]]]
            else:
                assert value[j] >= 0
                member, weight = on_line[int(np.searchsorted(ends, value[j], side="right"))]
            assert role not in tuples[row].members
            tuples[row].members[role] = member
            if probability is not None:
                tuples[row].probability[role] = float(probability[j]) * weight
    assert len({(one.anchor, one.slot) for one in tuples}) == t
    yield from tuples


def plan_labels(world: World, relation: Any, parts: int = 2) -> tuple[list[Made], dict[str, int]]:
    """All tuples that share labels."""
    shards = labelled(world, relation, parts)
    plans = [plan for shard in shards for plan in labels.plans(shard, relation)]
    return made(plans, world.entity, [shard.population for shard in shards])


def close(one: float, other: float) -> bool:
    """Equal but for what three roundings to float32 can do."""
    return math.isclose(one, other, rel_tol=4e-7)


def top_weights(
    shards: Sequence[Any], weight_offsets: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """The heaviest of all cells, as the layout finds them."""
    each = [
        (weight, begin + weight_offset)
        for shard, begin in zip(shards, weight_offsets, strict=False)
        for weight, weight_offset in shard.top_weights(16)
    ]
    return tuple(sorted(each, key=lambda one: (-one[0], one[1]))[:16])
