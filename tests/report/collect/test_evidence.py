"""Evidence from artifacts and a model: rows are found by id, and answers kept by member."""

import json
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components.common.evaluation import corpus_results
from components.common.evaluation.evaluation_results import Verdict, write_verdict
from components.common.tfrecord_writer import write
from components.report.collect import artifacts
from components.report.collect.evidence import Embeddings
from components.report.collect.model_evidence import with_model
from components.report.collect.neighbourhoods import rows_of
from components.report.collect.served_model import ServedModel
from components.report.collect.tuple_sample import Member, records_of
from demo_data.rows import example
from tests.report.helpers import evidence_of, record_of, request_of

VERDICT = Verdict(True, (), {"auc": 0.5}, {}, None)
QUESTION = {"query": "item", "reference": "item"}


def rows(*ids):
    """Serialized rows, one without an id first."""
    return [
        example(one).SerializeToString()
        for one in ({"x": 0.5}, *({"id": i, "x": 1.0} for i in ids))
    ]


def test_rows_are_found_by_their_ids_and_reading_stops_once_all_are():
    read = Counter()

    def counted(records):
        for record in records:
            read["rows"] += 1
            yield record

    chosen = rows_of(counted(rows("a", "b", "c", "d")), "item", "id", {"c", "b"})
    assert chosen == {
        name: Member("item", name.encode(), {"id": (name.encode(),), "x": (1.0,)}) for name in "bc"
    }
    assert read["rows"] == 4
    numbers = rows_of(rows(7, 8), "item", "id", {"8", "9"})
    assert numbers == {"8": Member("item", b"8", {"id": (8,), "x": (1.0,)})}


class Model:
    """Answers to what it is asked, which it notes."""

    image_shape = None

    def __init__(self, entities=("item",)):
        self.entities, self.scored, self.embedded = entities, [], {}

    def scores(self, tuples):
        self.scored = list(tuples)
        return np.arange(2.0 * len(tuples)).reshape(-1, 2)

    def embeddings(self, entity, rows):
        self.embedded[entity] = list(rows)
        return np.ones((len(rows), 3)) if entity in self.entities else None


def plain(name="digits_triplets", tuples=6):
    none = {"findings": None, "history": {}, "scores": None, "embeddings": {}}
    return evidence_of(name, tuples=tuples, **none, neighbourhoods=())


def nothing(entity):
    raise AssertionError(f"no row of {entity} is looked up")


def test_every_tuple_is_scored_and_every_member_embedded_once():
    evidence, model = plain(), Model()
    result = with_model(evidence, model, VERDICT, {}, nothing, {"loss": [1.0]})
    assert model.scored == [t.record for t in evidence.sample.tuples]
    assert result.scores.tolist() == np.arange(12.0).reshape(6, 2).tolist()
    members = evidence.sample.members
    ordered = tuple(members[key] for key in sorted(members))
    assert model.embedded["item"] == [member.serialized() for member in ordered]
    [(entity, embeddings)] = result.embeddings.items()
    assert (entity, embeddings.members) == ("item", ordered)
    assert isinstance(embeddings, Embeddings)
    assert embeddings.vectors.shape == (len(ordered), 3)
    assert result.history == {"loss": [1.0]}
    assert [metric.name for metric in result.findings.metrics] == ["auc"]
    assert result.neighbourhoods == ()
    assert result.stats == evidence.stats


def test_a_type_without_embeddings_has_none():
    result = with_model(plain(), Model(()), VERDICT, {}, nothing, {})
    assert result.embeddings == {}


def arrays(queries, neighbours):
    count = len(queries)
    return {
        "query_id": np.array(queries),
        "query_map_at_r": np.arange(count) / 4,
        "query_worst": np.arange(count) == 0,
        "neighbour_id": np.array(neighbours),
        "neighbour_distance": np.array([[0.25, np.inf]] * count, np.float32),
        "neighbour_relevant": np.array([[True, False]] * count),
    }


def test_neighbours_are_rows_of_the_sample_then_of_the_files():
    evidence = plain()
    sampled = next(iter(evidence.sample.members.values()))
    name = sampled.id.decode("utf-8", "replace")
    verdict = Verdict(True, (), {}, {}, None, corpus={"question": QUESTION})
    looked_up = []

    def records(entity):
        looked_up.append(entity)
        return rows("q", "r")

    result = with_model(
        evidence, Model(), verdict, arrays(["q", name], [["r", "x"], ["lost", "x"]]), records, {}
    )
    one, other = result.neighbourhoods
    assert one.query == Member("item", b"q", {"id": (b"q",), "x": (1.0,)})
    assert other.query == sampled
    assert one.neighbours == ((Member("item", b"r", {"id": (b"r",), "x": (1.0,)}), 0.25, True),)
    assert other.neighbours == ((Member("item", b"lost", {}), 0.25, True),)
    assert (one.map_at_r, other.map_at_r) == (0.0, 0.25)
    assert (one.worst, other.worst) == (True, False)
    assert set(looked_up) == {"item"}
    without = with_model(evidence, Model(), VERDICT, arrays(["q"], [["r", "x"]]), nothing, {})
    assert without.neighbourhoods == ()


def artifact(kind, folder, number):
    one = kind()
    folder.mkdir(parents=True, exist_ok=True)
    one.uri, one.id = str(folder), number
    return one


@pytest.fixture
def inputs(tmp_path):
    """Artifacts of a run without a model."""
    loaded, request = request_of("digits_triplets")
    tuples = artifact(standard_artifacts.Examples, tmp_path / "RelationGen" / "tuples" / "3", 7)
    tuples.split_names = '["train", "eval"]'
    tuples.span, tuples.version = 4, 2
    for split, count in (("train", 9), ("eval", 6)):
        records = [record_of(loaded, request, n) for n in range(count)]
        write(f"{tuples.uri}/Split-{split}/data_tfrecord-00000-of-00001.gz", records)
    with open(f"{tuples.uri}/relation_stats.json", "w", encoding="utf-8") as file:
        json.dump({"splits": {"train": {"tuples": 9}}}, file)
    return request, {"tuples": [tuples]}


def test_the_tuples_of_the_eval_split_are_read(inputs):
    request, artifacts_ = inputs
    evidence = artifacts.collect_evidence(request, artifacts_)
    assert len(evidence.sample.tuples) == 6
    assert evidence.stats == {"splits": {"train": {"tuples": 9}}}
    assert evidence.lineage == (
        ("tuples", "artifact 7, RelationGen/tuples/3"),
        ("span of the data", "4, version 2"),
    )
    assert evidence.findings is None
    assert evidence.scores is None


def test_a_model_is_asked_and_what_was_measured_of_it_read(inputs, tmp_path, monkeypatch):
    request, plain_inputs = inputs
    examples = artifact(standard_artifacts.Examples, tmp_path / "EntityGen" / "examples" / "1", 1)
    examples.split_names = '["train", "eval"]'
    for split, one in (("train", "q"), ("eval", "r")):
        write(f"{examples.uri}/Split-{split}/data_tfrecord-00000-of-00001.gz", rows(one))
    kinds = {
        "model": standard_artifacts.Model,
        "model_run": standard_artifacts.ModelRun,
        "evaluation": standard_artifacts.ModelEvaluation,
        "corpus_evaluation": standard_artifacts.ModelEvaluation,
    }
    results = {
        name: artifact(kind, tmp_path / "node" / name / str(number), number)
        for number, (name, kind) in enumerate(kinds.items(), 2)
    }
    write_verdict(
        Verdict(False, (), {"auc": 0.25}, {}, None, corpus={"question": QUESTION}),
        results["evaluation"].uri,
    )
    corpus_results.write(results["corpus_evaluation"].uri, {}, arrays(["q"], [["r", "x"]]))
    with open(f"{results['model_run'].uri}/history.json", "w", encoding="utf-8") as file:
        json.dump({"loss": [0.5]}, file)
    loaded = []
    monkeypatch.setattr(artifacts, "Signatures", lambda path: loaded.append(path))
    monkeypatch.setattr(artifacts, "ServedModel", lambda signatures: Model())
    everything = {
        **plain_inputs,
        "examples": [examples],
        **{name: [a] for name, a in results.items()},
    }
    evidence = artifacts.collect_evidence(request, everything)
    assert loaded == [f"{results['model'].uri}/Format-Serving"]
    assert evidence.history == {"loss": [0.5]}
    assert [metric.value for metric in evidence.findings.metrics] == [0.25]
    [neighbourhood] = evidence.neighbourhoods
    assert neighbourhood.query.features["x"] == (1.0,)
    assert [member.id for member, *_ in neighbourhood.neighbours] == [b"r"]
    assert evidence.lineage[2] == ("model", "artifact 2, node/model/2")
    assert evidence.lineage[-2][0] == "corpus evaluation"
    assert evidence.lineage[-1] == ("span of the data", "4, version 2")


class Signatures:
    """Signatures of a model that embeds items and predicts images of a free height."""

    def __init__(self, shape):
        self._shape = shape

    def __contains__(self, name):
        return name == "embed_item"

    def shape(self, name, output):
        assert (name, output) == ("score", "score")
        return self._shape

    def answer(self, name, output, examples):
        names = {"evaluate": "scores", "embed_item": "embedding"}
        assert names[name] == output
        return np.full((len(examples), 2), 0.5, np.float32)


@pytest.mark.parametrize(
    ("shape", "image"),
    [
        ((None, 8, 9, 1), (8, 9, 1)),
        ((None, None, 9, 1), (0, 9, 1)),
        ((None,), None),
        ((None, 3), None),
    ],
)
def test_a_served_model_is_called_by_its_signatures(shape, image):
    model = ServedModel(Signatures(shape))
    assert model.image_shape == image
    assert model.scores([b"a", b"b"]).dtype == np.float64
    assert model.scores([b"a", b"b"]).shape == (2, 2)
    assert model.embeddings("user", [b"a"]) is None
    assert model.embeddings("item", [b"a"]).tolist() == [[0.5, 0.5]]
    assert model.embeddings("item", [b"a"]).dtype == np.float64


def test_records_come_in_the_order_of_file_names(tmp_path):
    for name in ("b", "a"):
        with tf.io.TFRecordWriter(str(tmp_path / f"{name}.gz"), "GZIP") as writer:
            for n in range(300):
                writer.write(f"{name}{n}".encode())
    records = list(records_of([f"{tmp_path}/b*", f"{tmp_path}/a*"]))
    assert records == [f"{name}{n}".encode() for name in "ab" for n in range(300)]
