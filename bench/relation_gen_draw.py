"""Triplets drawn from a million entities, beside pytorch-metric-learning.

Seconds are of processor time (one thread each), which other work on the machine touches least.
"""

import subprocess
import time

import numpy as np
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from bench import peers
from bench.relation_gen_rows import ITEM
from bench.results import Result
from components.relation_gen.batches import Indexed, IndexShard
from components.relation_gen.index.shard import populate
from components.relation_gen.sampling.base import Candidates
from components.relation_gen.sampling.compose import NOTHING
from components.relation_gen.sampling.groups import Labelled, plans
from relation.compiler import compile_relation
from relation.core import splitmix
from relation.data import Data
from relation.load import PROJECT
from relation.relation_types import Triplets
from relation.sampling import TripletSampling
from relation.sources.same_label import SameLabel

ROWS, TRIPLETS, ROUNDS = 1_000_000, 3, 5
FAST = 10_000_000
PEER = "pytorch-metric-learning FixedSetOfTriplets"
DRAWN = {10: 20_000, 10_000: 5_000}
"""Classes; and how many triplets the peer draws."""


def run(rows: int = ROWS, rounds: int = ROUNDS) -> list[Result]:
    python = peers.python_with("metric_learning", peers.METRIC_LEARNING)
    results = []
    for classes, theirs in DRAWN.items():
        begin = time.process_time()
        shard = _shard(rows, classes)
        print(f"{classes} classes: index of {rows} in {time.process_time() - begin:.2f} s")
        ours, others = [], []
        for _ in range(rounds):
            ours.append(draw(shard))
            command = [str(python), "-m", "bench.relation_gen_peer"]
            command += map(str, (rows, classes, theirs))
            ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
            others.append(float(ended.stdout))
            print(f"{classes} classes: {ours[-1]:.3g}/s, {PEER} {others[-1]:.3g}/s", flush=True)
        name, peer = f"relation_gen_draw_{classes}_classes", {PEER: others}
        result = Result.of(name, "triplets/s", "higher", ours, peer, None)
        goal = FAST / result.peers[PEER]
        results.append(Result.of(name, "triplets/s", "higher", ours, peer, goal))
    return results


def _shard(rows: int, classes: int) -> IndexShard:
    key = splitmix.random_bits(0, 0, np.arange(rows, dtype=np.uint64), np.zeros(1, dtype=np.int64))
    label = np.arange(rows, dtype=np.uint64) % np.uint64(classes)
    none = np.zeros(0)
    return populate(Indexed(key, label, none.astype(np.uint64), none), seed=1)


def draw(shard: IndexShard) -> float:
    """Triplets a second that are drawn for all anchors of a cell."""
    rows = len(shard.key)
    relation = compile_relation(
        Data.model_validate({"entities": {"item": {"schema": "none"}}}),
        Triplets(
            type="triplets",
            source=SameLabel(type="same_label", feature="label"),
            sampling=TripletSampling(triplets_per_anchor=TRIPLETS),
            seed=1,
        ),
        {"item": text_format.Parse(ITEM, schema_pb2.Schema())},
    )
    labelled = Labelled(shard, 0, 0, Candidates(rows, rows, ()), None, NOTHING, None)
    begin, made = time.process_time(), 0
    for plan in plans(labelled, relation):
        made += len(plan.anchor)
    took = time.process_time() - begin
    assert made == rows * TRIPLETS, made
    return made / took
