"""Retrieval where both ends of edges are shared: anchors of evaluation edges ask, and what is known
of other splits is left out of their rankings (the filtered setting)."""

import dataclasses
import math
import random
from collections import defaultdict

import numpy as np
import pytest
import tensorflow as tf
from apache_beam import Pipeline
from hypothesis import given, settings
from hypothesis import strategies as st

from components.common.evaluation.corpus_results import BASELINE, MODEL
from components.corpus_evaluator.embeddings.encode import hashes
from components.corpus_evaluator.embeddings.id_tuples import ReadEdges
from components.corpus_evaluator.request import CorpusRequest
from components.corpus_evaluator.run import Files, evaluate
from demo_data.rows import example
from relation.retrieval.distances import Similarity
from relation.retrieval.measures import measure, nearest
from relation.retrieval.points import Keys, Points
from relation.schema import Feature, FeatureKind
from tests.corpus_evaluator.test_retrieval import assert_same, points
from tests.corpus_evaluator.test_retrieval import oracle as definitions
from tests.relation_gen.helpers import row
from tests.relation_gen.helpers_cases import make, recipe, schema
from tests.relations import compiled

EUCLIDEAN = Similarity.EUCLIDEAN


def without(references, hidden):
    kept = np.flatnonzero(~np.isin(references.ids, np.array(sorted(hidden), np.uint64)))
    return references.take(kept)


@settings(deadline=None, max_examples=60)
@given(st.data(), st.booleans(), st.booleans())
def test_what_is_hidden_is_in_no_ranking(data, same, exact):
    n = data.draw(st.integers(2, 12))
    # In float32 what is equally near by symmetry need not be a tie: there all is at one side.
    grid = st.tuples(st.integers(0, 3), st.integers(0, 3 if exact else 0))
    some = st.sets(st.integers(0, n - 1), max_size=n)
    vectors = data.draw(st.lists(grid, min_size=n, max_size=n))
    related, hidden = (data.draw(st.lists(some, min_size=3, max_size=3)) for _ in range(2))
    hidden = [h - r for h, r in zip(hidden, related, strict=True)]
    references = points(vectors, [{i} for i in range(n)])
    origin = st.just((0, 0))
    asking = data.draw(st.lists(grid if exact else origin, min_size=3, max_size=3))
    queries = points(asking, related)
    left_out = Keys.of([np.array(sorted(h), np.uint64) for h in hidden])
    found = measure(
        dataclasses.replace(queries, hidden=left_out), references, EUCLIDEAN, same=same, exact=exact
    )
    for q in range(3):
        alone = queries.take(np.array([q]))
        seen = without(references, hidden[q])
        expected = definitions(alone, seen, EUCLIDEAN, same, (1, 5, 10))
        assert_same({name: values[[q]] for name, values in found.items()}, expected)


def test_neighbours_that_are_hidden_are_infinitely_far():
    references = Points(
        np.arange(4, dtype=np.uint64),
        Keys.single(np.arange(4, dtype=np.uint64)),
        np.array([[0.0], [1], [2], [3]]),
    )
    query = Points(
        np.uint64([9]), Keys.of([np.uint64([3])]), np.array([[0.0]]), Keys.of([np.uint64([0, 2])])
    )
    positions, distances, relevant = nearest(query, references, EUCLIDEAN, same=False)(
        np.array([0]), 4
    )
    assert positions[0, :2].tolist() == [1, 3]
    assert distances.tolist() == [[1.0, 3.0, math.inf, math.inf]]
    assert relevant.tolist() == [[False, True, False, False]]


ITEM = """feature { name: "id" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "x" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 2 } } }"""
LINK = 'feature { name: "from" type: BYTES } feature { name: "to" type: BYTES }'
USER = ITEM
N = 20


def encoder(folder, *entities):
    """A model whose embedding is x."""

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def embed(self, examples):
            spec = {"x": tf.io.FixedLenFeature([2], tf.float32)}
            return {"embedding": tf.io.parse_example(examples, spec)["x"]}

    model = Model()
    signatures = {f"embed_{entity}": model.embed for entity in entities}
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return str(folder)


def write(path, examples):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for one in examples:
            writer.write(one.SerializeToString())
    return [str(path)]


def rows(entity, seed):
    draw = np.random.default_rng(seed)
    return {f"{entity}{i}".encode(): draw.normal(size=2).astype(np.float32) for i in range(N)}


def links(lefts, rights, seed, count):
    draw = random.Random(seed)
    found = set()
    while len(found) < count:
        left, right = draw.choice(sorted(lefts)), draw.choice(sorted(rights))
        if left != right:
            found.add((left, right))
    return sorted(found)


@pytest.mark.parametrize(
    ("types", "measured", "third"),
    [
        (("item", "item"), "eval", False),
        (("user", "item"), "eval", False),
        (("user", "item"), "eval", True),
        (("user", "item"), "test", True),
    ],
)
def test_held_out_edges_ask_and_edges_of_other_splits_are_left_out(
    tmp_path, types, measured, third
):
    left_type, right_type = types
    entities = {name: rows(name, seed) for seed, name in enumerate(dict.fromkeys(types))}
    edges = {
        "train": links(entities[left_type], entities[right_type], 1, 80),
        "eval": links(entities[left_type], entities[right_type], 2, 15),
    }
    if third:
        edges["test"] = links(entities[left_type], entities[right_type], 4, 12)
    ends = {
        "left": {"entity": left_type, "id": "from"},
        "right": {"entity": right_type, "id": "to"},
    }
    request = CorpusRequest(
        compiled=compiled(
            dict.fromkeys(entities, "id"),
            {"type": "pairs", "source": {"type": "edges", "edges": "link"}},
            {**dict.fromkeys(entities, ITEM), "link": LINK},
            edges={"link": ends},
            split={"shared": list(entities), "test": int(third)},
        ),
        features=dict.fromkeys(
            entities, (Feature(name="x", kind=FeatureKind.NUMERIC, dtype="float", width=2),)
        ),
        schemas=dict.fromkeys(entities, ITEM),
        similarity="euclidean",
        references="eval",
        slices=(),
        held_out=measured,
    )
    assert request.question is not None
    files = {
        name: write(
            tmp_path / f"{name}.gz", [example({"id": id_, "x": x}) for id_, x in vectors.items()]
        )
        for name, vectors in entities.items()
    }
    tuples = {split: write(tmp_path / f"t-{split}.gz", [tf.train.Example()]) for split in edges}
    by_split = {
        split: write(tmp_path / f"e-{split}.gz", [example({"from": a, "to": b}) for a, b in mine])
        for split, mine in edges.items()
    }
    sizes = {path: 1 for paths in (*files.values(), *tuples.values()) for path in paths}
    corpus, arrays = evaluate(
        request,
        Files(
            {name: dict.fromkeys(edges, paths) for name, paths in files.items()},
            tuples,
            by_split,
            sizes,
        ),
        {MODEL: encoder(tmp_path / "model", *entities)},
        str(tmp_path / "scratch"),
        str(tmp_path / "local"),
        Pipeline,
    )

    known, held_out = defaultdict(set), defaultdict(set)
    for split, mine in edges.items():
        for a, b in mine:
            (held_out if split == measured else known)[a].add(b)
    popular = {b: sum(b == right for _, right in edges["train"]) for b in entities[right_type]}
    firsts, by_popularity = [], []
    for a, right in sorted(held_out.items()):
        ranked = [
            b
            for b in sorted(
                entities[right_type],
                key=lambda b: float(
                    np.sum((entities[left_type][a] - entities[right_type][b]) ** 2)
                ),
            )
            if b in right or (b not in known[a] and b != a)
        ]
        firsts.append(1 / (1 + min(ranked.index(b) for b in right)))
        best = max(popular[b] for b in right)
        before = sum(popular[b] >= best for b in ranked if b not in right)
        by_popularity.append(1 / (1 + before))
    assert corpus["counts"]["queries"] == corpus["counts"]["measured"] == len(held_out)
    assert corpus["counts"]["without_match"] == 0
    assert corpus["counts"]["references"] == N
    assert corpus["question"]["queries"] == corpus["question"]["references"] == measured
    assert corpus["spaces"][MODEL]["mrr"]["value"] == pytest.approx(np.mean(firsts))
    if left_type != right_type:
        assert corpus["trivial_by"] == "popularity"
        popularity = corpus["spaces"][BASELINE]["mrr"]["value"]
        assert popularity == pytest.approx(np.mean(by_popularity))
    shown = zip(arrays["query_id"].tolist(), arrays["neighbour_id"], strict=True)
    for query, (name, ids) in enumerate(shown):
        far = arrays["neighbour_distance"][query]
        near = {id_.encode() for id_, d in zip(ids.tolist(), far, strict=True) if d < np.inf}
        assert not near & (known[name.encode()] - held_out[name.encode()])


@pytest.mark.parametrize("symmetric", [True, False])
def test_edges_are_held_out_as_relation_gen_splits_them(tmp_path, symmetric):
    """No file says the split: both take the same hash of both ends."""
    items = [f"i{n}".encode() for n in range(12)]
    loaded = recipe(
        tmp_path,
        f"{{type: pairs, source: {{type: edges, edges: link, symmetric: {symmetric}}}, seed: 5, "
        "sampling: {positives_per_anchor: all, negatives_per_anchor: 0}}",
        {"item": schema(id=bytes, x=float)},
        {
            "link": (
                schema(**{"from": bytes, "to": bytes}),
                "{left: {entity: item, id: from}, right: {entity: item, id: to}}",
            )
        },
        "split: {shared: [item], train: 3, eval: 2}",
    )
    edges = [row(**{"from": a, "to": b}) for a, b in links(items, items, 3, 50)]
    inputs = {"item": {"": [row(id=i, x=1.0) for i in items]}, "link": {"": edges}}
    made = make(loaded, inputs, tmp_path)
    read = ReadEdges(str(tmp_path), loaded.compiled, "all").extract(
        [tf.train.Example.FromString(edge) for edge in edges]
    )
    for split, held_out in (("train", 0), ("eval", 1)):
        expected = {
            (one["left_id"], one["right_id"]) for one in made.tuples(split) if one["relation"] == 1
        }
        assert len(expected) > 10
        members = {tuple(pair) for pair in read.members[read.labels[:, 0] == held_out].tolist()}
        assert members == {tuple(hashes(pair).tolist()) for pair in expected}
    given = [ReadEdges(str(tmp_path), loaded.compiled, split) for split in ("train", "eval")]
    examples = [tf.train.Example.FromString(edges[0])]
    assert [set(reader.extract(examples).labels[:, 0]) for reader in given] == [{0.0}, {1.0}]
