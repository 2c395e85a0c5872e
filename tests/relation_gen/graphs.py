"""Small graphs for the tests of plans of edges: what is related is told by brute force."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.common.columns import Strings, take
from components.relation_gen.batches import Edges, Indexed
from components.relation_gen.index.shard import UNIT, populate, weigh
from components.relation_gen.sampling import base, edges
from components.relation_gen.transforms import build_index
from tests.relation_gen.planned import Made, hashed, key_of, made
from tests.relations import compiled

LEFT = 10**6
"""Anchors of another type are entities from here on."""


@dataclass
class Graph:
    """Candidates 0, 1, … n - 1 of some groups, and edges (left, right, value, weight)."""

    n: int
    edges: Sequence[tuple[int, int, float, float]]
    group: Sequence[int]
    same: bool = True
    weighted: bool = False

    def known(self, anchor: int) -> set[int]:
        return {right for left, right, _, _ in self.edges if left == anchor}

    def positive(self, anchor: int) -> list[int]:
        return [right for left, right, value, _ in self.edges if left == anchor and value == 1]

    def allowed(self, anchor: int, where: str) -> set[int]:
        out = self.known(anchor) | ({anchor} if self.same else set())
        found = set(range(self.n)) - out
        if where == "anywhere":
            return found
        own = self.group[anchor]
        return {i for i in found if (self.group[i] == own) == (where == "within")}

    def line(self, negatives: Any) -> list[int]:
        if negatives.draw == "uniform":
            return [1] * self.n
        if negatives.draw == "groups":
            return [UNIT // list(self.group).count(group) for group in self.group]
        degree = Counter(right for _, right, _, _ in self.edges)
        return [
            round(degree[i] ** negatives.alpha * 2**20) if degree[i] else 0 for i in range(self.n)
        ]

    def marginal(self, anchor: int, negatives: Any) -> dict[int, float]:
        line, allowed = self.line(negatives), self.allowed(anchor, negatives.where)
        total = sum(line[i] for i in allowed)
        return {i: line[i] / total for i in allowed if line[i]}

    def possible(self, anchor: int, negatives: Any) -> int:
        line = self.line(negatives)
        weights = [line[i] for i in self.allowed(anchor, negatives.where)]
        return sum(weights) // max([*weights, 1])


def relation_of(kind: str, seed: int = 0, source: Any = None, **sampling: Any) -> Any:
    """A relation of edges that have values."""
    named = {"type": "edges", "edges": "e"} | (source or {})
    ends = {side: {"entity": "item", "id": side} for side in ("left", "right")}
    relation = {"type": kind, "source": named, "sampling": sampling, "seed": seed}
    return compiled({"item": "id"}, relation, edges={"e": {**ends, "value": "v"}})


def inputs(graph: Graph, relation: Any, shuffle: int = 0) -> tuple[Any, ...]:
    """Anchors and setting, as the steps before would make them; and the cell of candidates."""
    negatives = relation.sampling.negative_sampler
    grouped = negatives.draw == "groups" or negatives.where != "anywhere"
    indexed = Indexed(
        np.array([key_of(i) for i in range(graph.n)], dtype=np.uint64),
        np.array([hashed(g) if grouped else 0 for g in graph.group], dtype=np.uint64),
        np.zeros(graph.n, dtype=np.uint64),
        np.zeros(0),
    )
    shard = populate(indexed, relation.seed)
    degree = Counter(key_of(right) for _, right, _, _ in graph.edges)
    shard = weigh(shard, negatives, np.array([degree[k] for k in shard.key.tolist()], dtype=float))
    weighted = len(shard.cumulative_weight) > 0
    position = {k: i for i, k in enumerate(shard.key.tolist())}
    order = np.random.default_rng(shuffle).permutation(len(graph.edges)).tolist()
    rows = [graph.edges[i] for i in order]
    at = np.array([position[key_of(right)] for _, right, _, _ in rows], dtype=np.int64)
    none = np.zeros(0, dtype=np.int64)
    value = np.array([value for _, _, value, _ in rows], dtype=np.float32)
    table = relation.edge_table
    found = Edges(
        np.array([key_of(left) for left, _, _, _ in rows], dtype=np.uint64),
        np.array([key_of(right) for _, right, _, _ in rows], dtype=np.uint64),
        np.zeros(len(rows), dtype=np.uint8),
        np.zeros(len(rows), dtype=np.uint64),
        value,
        np.array([weight for *_, weight in rows if graph.weighted], dtype=np.float32),
        (value == 1 if table is None else table.related(value)).astype(np.uint8),
        np.zeros(len(rows), dtype=np.int32),
        at,
        shard.cumulative_weight[at] if weighted else none,
        np.diff(shard.cumulative_weight)[at] if weighted else none,
        Strings.of([b"%d" % left for left, _, _, _ in rows]),
        Strings.of([b"%d" % right for _, right, _, _ in rows]),
    )
    cap = relation.sampling.caps.positives_per_entity
    if cap is not None:
        found = build_index._capped(found, relation.seed, cap)
    found = take(found, edges.order(found, relation.seed))
    key, first = np.unique(found.source, return_index=True)
    own = None
    if graph.same:
        mine = np.array([position[k] for k in key.tolist()], dtype=np.int64)
        start, end = shard.start[mine], shard.end[mine]
        own = edges.Own(mine, np.ones_like(mine), start, end)
        if weighted:
            own = edges.Own(
                shard.cumulative_weight[mine],
                np.diff(shard.cumulative_weight)[mine],
                shard.cumulative_weight[start],
                shard.cumulative_weight[end],
            )
    candidates = base.Candidates(graph.n, shard.weight, tuple(shard.top_weights(16)))
    setting = edges.Setting(relation, candidates, False)
    return edges.Anchors(key, np.r_[first, len(rows)], found, own), setting, shard


def plan(graph: Graph, relation: Any, shuffle: int = 0) -> tuple[list[Made], dict[str, int]]:
    anchors, setting, shard = inputs(graph, relation, shuffle)
    entity = {key_of(i): i for i in [*range(graph.n), *{left for left, *_ in graph.edges}]}
    return made(edges.plans(anchors, setting), entity, [shard])
