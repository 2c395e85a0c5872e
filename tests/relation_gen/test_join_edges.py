"""Edges meet the entities of a partition: matched, dangling, or across splits."""

import operator

import numpy as np

from components.common.columns import Strings
from components.relation_gen.batches import STAR, Edges, Endpoints
from components.relation_gen.context import Context
from components.relation_gen.stats import counters
from components.relation_gen.transforms.join_edges import _joined, join_endpoints
from tests.relation_gen.helpers_cases import recipe, schema

TRAIN, EVAL = 0, 1


def edges(*rows):
    """Edges of (source, split), whose destination is 1,000 more than the source."""
    source = np.array([source for source, _ in rows], np.uint64)
    nothing = np.zeros(0, np.int64)
    return Edges(
        source=source,
        destination=source + np.uint64(1000),
        split=np.array([split for _, split in rows], np.uint8),
        group=nothing.astype(np.uint64),
        value=np.ones(len(rows), np.float32),
        weight=nothing.astype(np.float32),
        positive=np.ones(len(rows), np.uint8),
        shard=nothing.astype(np.int32),
        position=nothing,
        weight_offset=nothing,
        destination_weight=nothing,
        source_id=Strings.of([b"s%d" % one for one, _ in rows]),
        destination_id=Strings.of([b"d%d" % one for one, _ in rows]),
    )


def endpoints(*rows):
    key, split, group = zip(*rows, strict=True) if rows else ((), (), ())
    return Endpoints(
        np.array(key, np.uint64), np.array(split, np.uint8), np.array(group, np.uint64)
    )


def test_an_edge_meets_the_entity_of_its_end():
    held = endpoints((3, TRAIN, 30), (5, EVAL, 50), (7, STAR, 70))
    asked = edges(
        *((2, STAR), (3, STAR), (4, TRAIN), (5, TRAIN), (5, EVAL), (7, EVAL), (7, STAR), (9, EVAL))
    )
    joined = join_endpoints(held, asked, asked.source)
    assert joined.edges.source.tolist() == [3, 5, 7, 7]
    assert joined.edges.split.tolist() == [TRAIN, EVAL, EVAL, STAR]
    assert joined.group.tolist() == [30, 50, 70, 70]
    assert joined.dangling.source.tolist() == [2, 4, 9]
    assert joined.crossing.source.tolist() == [5]
    assert joined.crossing.split.tolist() == [TRAIN]


def test_in_a_partition_without_entities_every_edge_dangles(tmp_path):
    """Also one whose key is 0."""
    loaded = recipe(
        tmp_path,
        "{type: pairs, source: {type: edges, edges: link}}",
        {"item": schema(id=bytes)},
        {
            "link": (
                schema(left=bytes, right=bytes),
                "left: {entity: item, id: left}\nright: {entity: item, id: right}",
            )
        },
    )
    context = Context.of(
        loaded.compiled, loaded.schemas, [], ["train", "eval"], [1, 1], str(tmp_path / "out"), None
    )
    (tmp_path / "out").mkdir()
    with context.store.writer() as out:
        refs = [out.add(edges((0, STAR), (4, TRAIN)))]
    ((joined, counts),) = _joined(context, refs, operator.attrgetter("source"))
    assert len(joined.edges.source) == len(joined.crossing.source) == 0
    (where, counter) = counts[0].value
    assert where == (counters.UNASSIGNED, "link", counters.SKIPPED + "dangling_edge")
    assert (counter.count, counter.examples) == (2, (b"s0 -> d0", b"s4 -> d4"))
