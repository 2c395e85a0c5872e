"""Putting one triplet together from its members' bytes, beside building it as a proto.

Times are of the processor (one thread each), which other work on the machine touches least.
"""

import itertools
import time

import numpy as np
import tensorflow as tf

from bench.results import Result
from components.common import example_wire, tfrecord_writer
from components.common.columns import Dictionary, Strings
from components.relation_gen.batches import Entities, GatheredMembers, MemberRequests, TupleRows
from components.relation_gen.tuples import route
from components.relation_gen.tuples.assemble import assemble
from relation.core import splitmix
from relation.spec import triplets

ENTITIES, TUPLES, ROUNDS = 10_000, 30_000, 7
FLOATS, MOST_US = 64, 3.0
PEER = "tf.train.Example"
NAMES = ("id", "label", "x")


def run(entities: int = ENTITIES, tuples: int = TUPLES, rounds: int = ROUNDS) -> list[Result]:
    examples = _examples(entities)
    chosen = _chosen(entities, tuples)
    tuple_rows, requests, packed = _packed(examples, chosen)
    relation = triplets("item", "item")
    rekeys = [example_wire.Rekey(role.name, NAMES, "id") for role in relation.roles]
    (members,) = (found for _, found in route.gather(packed, requests, rekeys, 1))
    _check(examples, chosen, tuple_rows, members)
    assembled, gathered, built = [], [], []
    for _ in range(rounds):
        begin = time.process_time()
        records = itertools.starmap(example_wire.example, assemble(tuple_rows, [members], relation))
        made = sum(count for _, count in tfrecord_writer.framed(records))
        middle = time.process_time()
        list(route.gather(packed, requests, rekeys, 1))
        end = time.process_time()
        for row in chosen.tolist():
            _build(examples, row).SerializeToString()
        built.append((time.process_time() - end) / tuples * 1e6)
        assembled.append((middle - begin) / tuples * 1e6)
        gathered.append((end - begin) / tuples * 1e6)
        assert made == tuples
        print(
            f"{assembled[-1]:.2f} µs, {gathered[-1]:.2f} with renaming the members' features; "
            f"{PEER} {built[-1]:.2f}",
            flush=True,
        )
    goal = MOST_US / float(np.median(built))
    return [
        Result.of("relation_gen_assembly", "CPU µs", "lower", assembled, {PEER: built}, goal),
        Result.of(
            "relation_gen_assembly_renamed", "CPU µs", "lower", gathered, {PEER: built}, None
        ),
    ]


def _examples(count: int) -> list[tf.train.Example]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(count):
        example = tf.train.Example()
        feature = example.features.feature
        feature["id"].bytes_list.value.append(b"%08d" % number)
        feature["label"].int64_list.value.append(number % 10)
        feature["x"].float_list.value.extend(rng.random(FLOATS).tolist())
        made.append(example)
    return made


def _chosen(entities: int, tuples: int) -> np.ndarray:
    """The members of each triplet: three triplets an anchor, [t, 3]."""
    others = np.random.default_rng(1).integers(0, entities, (tuples, 2))
    return np.column_stack([np.arange(tuples) // 3 % entities, others])


def _packed(
    examples: list[tf.train.Example], chosen: np.ndarray
) -> tuple[TupleRows, MemberRequests, Entities]:
    """What the steps before hand on: tuples, their members, and a block of entities."""
    n, t = len(examples), len(chosen)
    names = [name.encode() for name in NAMES]
    key = np.sort(
        splitmix.random_bits(0, 0, np.arange(n, dtype=np.uint64), np.zeros(1, dtype=np.int64))
    )
    payloads = [
        example_wire.payload(example_wire.features_of(example.SerializeToString()), names)
        for example in examples
    ]
    none = np.zeros(0)
    word, single = none.astype(np.uint64), none.astype(np.float32)
    packed = Entities(key, np.zeros(n, np.uint8), word, word, none, Strings.of(payloads))
    anchor, slot = key[chosen[:, 0]], (np.arange(t) % 3).astype(np.uint32)
    probability = np.full((t, 3), np.nan, dtype=np.float32)
    probability[:, 2] = 1 / n
    requests = MemberRequests(
        np.repeat(anchor, 3),
        np.repeat(slot, 3),
        np.tile(np.arange(3, dtype=np.uint16), t),
        key[chosen.reshape(-1)],
        probability.reshape(-1),
    )
    tuple_rows = TupleRows(anchor, slot, single, single, Dictionary.empty())
    return tuple_rows, requests, packed


def _build(examples: list[tf.train.Example], row: list[int]) -> tf.train.Example:
    """The triplet as a proto; the features of members are parsed already."""
    made = tf.train.Example()
    feature = made.features.feature
    for role, number in zip(("anchor", "positive", "negative"), row, strict=True):
        for name, value in examples[number].features.feature.items():
            feature[f"{role}_{name}"].CopyFrom(value)
    feature["negative_prob"].float_list.value.append(1 / len(examples))
    return made


def _check(
    examples: list[tf.train.Example],
    chosen: np.ndarray,
    tuple_rows: TupleRows,
    members: GatheredMembers,
) -> None:
    """Both ways give the same messages."""
    relation = triplets("item", "item")
    ours = (example_wire.example(*entries) for entries in assemble(tuple_rows, [members], relation))
    found = sorted(_ordered(tf.train.Example.FromString(record)) for record in ours)
    if found != sorted(_ordered(_build(examples, row)) for row in chosen.tolist()):
        raise AssertionError("tuples that were joined are not those that were built")


def _ordered(example: tf.train.Example) -> bytes:
    return bytes(example.SerializeToString(deterministic=True))
