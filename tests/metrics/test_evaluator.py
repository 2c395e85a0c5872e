"""The metrics in the real Evaluator, over real SavedModels, against scikit-learn."""

import json
import math

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    roc_auc_score,
    roc_curve,
)
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.evaluation import evaluation_results
from components.evaluator import __main__ as command
from components.evaluator.tested import config_of_test
from relation import spec
from relation.core.errors import RecipeError
from relation.recipe import Evaluation, Gate
from relation.schema import tuple_schema
from tests.metrics.conftest import BROKEN, GOOD, POOR, ROLES, make_tuples, save_model, scores_of
from tests.relations import compiled
from trainer_module.metrics.collected import collect, form_of, key_of
from trainer_module.metrics.eval_config import eval_config

RELATIONS = {"pairs": spec.pairs("item", "item"), "triplets": spec.triplets("item", "item")}
ENTITY = text_format.Parse(
    """feature { name: "id" type: BYTES } feature { name: "label" type: BYTES }
    feature { name: "code" type: INT }
    feature { name: "x" type: FLOAT shape { dim { size: 4 } } }""",
    schema_pb2.Schema(),
)
EXACT = {"rel": 0, "abs": 1e-12}


def _config(kind, gates, slices=()):
    return eval_config(
        RELATIONS[kind],
        Evaluation(gates=gates, slices=slices),
        signature="evaluate",
        code_fingerprint="0123",
        slice_role=ROLES[kind][0],
    )


def _schema(kind):
    relation = {"type": kind, "source": {"type": "same_label", "feature": "label"}}
    return tuple_schema(compiled({"item": "id"}, relation), {"item": ENTITY})


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folders of saved models by (kind, quality)."""
    root = tmp_path_factory.mktemp("models")
    return {
        (kind, name): save_model(root / kind / name, kind, weights)
        for kind in RELATIONS
        for name, weights in (("good", GOOD), ("poor", POOR), ("twin", POOR), ("broken", BROKEN))
    }


def _expected(kind, scores, examples):
    """All metrics of some tuples, by scikit-learn and by hand."""
    if kind == "triplets":
        related = np.tile([True, False], (len(scores), 1))
    else:
        label = [e.features.feature["relation"].float_list.value[0] for e in examples]
        related = np.array(label)[:, None] == 1
    flat, truth = scores.ravel(), related.ravel()
    labels = related.astype(np.float32) if kind == "pairs" else np.zeros((len(scores), 0), "f4")
    ids = [f"{role}_id" for role in ROLES[kind]]
    keys = [key_of([[e.features.feature[i].bytes_list.value[0]] for i in ids]) for e in examples]
    tuples = collect(form_of(RELATIONS[kind]), np.frombuffer(b"".join(keys), "<u8"), scores, labels)
    choosing, reporting = (half.flat for half in tuples.halves)
    threshold, f1_threshold = _best(choosing, accuracy_score), _best(choosing, f1_score)
    alarms, hits, _ = roc_curve(truth, flat)
    crossing = np.interp(0, alarms + hits - 1, alarms)
    result = {
        "auc": roc_auc_score(truth, flat),
        "average_precision": average_precision_score(truth, flat),
        "accuracy": accuracy_score(reporting.related, reporting.scores >= threshold),
        "threshold": threshold,
        "f1": f1_score(reporting.related, reporting.scores >= f1_threshold),
        "f1_threshold": f1_threshold,
        "equal_error_rate": crossing,
        "examples": len(scores),
        "score_spread": max(np.std(column.astype(np.float64)) for column in scores.T),
    }
    if kind == "triplets":
        result["triplet_accuracy"] = np.mean([row[0] > row[1] for row in scores.tolist()])
    return result


def _best(half, quality):
    """The highest of the best thresholds."""
    reached = {t: quality(half.related, half.scores >= t) for t in np.unique(half.scores)}
    return max(t for t, value in reached.items() if value == max(reached.values()))


@pytest.mark.parametrize("with_schema", [True, False])
@pytest.mark.parametrize("kind", RELATIONS)
def test_values_agree_with_scikit_learn_overall_and_by_label(kind, with_schema, models, evaluate):
    records = make_tuples(kind, 300)
    examples = [tf.train.Example.FromString(record) for record in records]
    scores = scores_of(models[kind, "good"], records)
    label, code = (f"{ROLES[kind][0]}_{name}" for name in ("label", "code"))
    labels = np.array([e.features.feature[label].bytes_list.value[0].decode() for e in examples])

    run = evaluate(
        _config(kind, {"auc": Gate(min=0.7)}, ("label", "code")),
        records,
        model=models[kind, "good"],
        schema=_schema(kind) if with_schema else None,
    )
    verdict = evaluation_results.read_verdict(run.evaluation)

    assert verdict.metrics == pytest.approx(_expected(kind, scores, examples), **EXACT)
    assert len(np.unique(scores)) < scores.size  # Ties are among them.
    codes = {0: "a", 5: "b", 10: "c"}
    assert list(verdict.slices) == [
        *((code, number) for number in codes),
        *((label, name) for name in "abc"),
    ]
    for (_, value), found in verdict.slices.items():
        mine = labels == codes.get(value, value)
        own = [example for example, kept in zip(examples, mine, strict=True) if kept]
        assert found == pytest.approx(_expected(kind, scores[mine], own), **EXACT)
    assert verdict.blessed
    assert run.blessed


@pytest.mark.parametrize("kind", RELATIONS)
def test_sharding_order_and_worker_count_change_no_bit(kind, models, evaluate):
    records = make_tuples(kind, 300)
    config = _config(kind, {"auc": Gate(min=0.5)}, ("label",))
    shuffled = [records[i] for i in np.random.default_rng(1).permutation(len(records))]

    one = evaluate(config, records, model=models[kind, "poor"], name="one")
    many = evaluate(
        config,
        shuffled,
        model=models[kind, "poor"],
        shards=7,
        name="many",
        beam_args=["--direct_num_workers=2", "--direct_running_mode=multi_threading"],
    )

    assert evaluation_results.read_verdict(one.evaluation) == evaluation_results.read_verdict(
        many.evaluation
    )


@pytest.mark.parametrize(
    ("model", "baseline", "gates", "passed"),
    [
        ("poor", None, {"auc": Gate(min=0.8)}, [False]),
        ("good", None, {"auc": Gate(max=0.5), "examples": Gate(min=1)}, [False, True]),
        ("good", "poor", {"auc": Gate(min=0.8, max_drop=0)}, [True, True]),
        ("poor", "good", {"auc": Gate(min=0.1, max_drop=0.01)}, [True, False]),
        ("poor", "good", {"auc": Gate(max_drop=0.9)}, [True, True]),  # Worse, but not by that.
        ("poor", "twin", {"auc": Gate(max_drop=0)}, [True, True]),
        # The first model has nothing to be compared with, but must be measurable.
        ("poor", None, {"auc": Gate(max_drop=0.01)}, [True]),
        (
            "broken",
            None,
            {"auc": Gate(max_drop=1), "accuracy": Gate(max=1), "triplet_accuracy": Gate(min=0)},
            [False, False, False],
        ),
        ("broken", "good", {"auc": Gate(max_drop=1)}, [False, False]),
    ],
)
def test_gates_decide_the_blessing(model, baseline, gates, passed, models, evaluate):
    run = evaluate(
        _config("triplets", gates),
        make_tuples("triplets", 60),
        model=models["triplets", model],
        baseline=baseline and models["triplets", baseline],
    )
    verdict = evaluation_results.read_verdict(run.evaluation)

    assert [gate.passed for gate in verdict.gates] == passed
    assert verdict.blessed is run.blessed is all(passed)
    assert (verdict.baseline is None) is (baseline is None)


def test_the_test_split_is_measured_at_thresholds_of_eval_and_gates_nothing(models, evaluate):
    records, tested = make_tuples("pairs", 300), make_tuples("pairs", 200, seed=9)
    run = evaluate(
        _config("pairs", {"auc": Gate(min=0.8)}, ["label"]),
        records,
        model=models["pairs", "good"],
        tested=tested,
    )
    verdict = evaluation_results.read_verdict(run.evaluation)
    examples = [tf.train.Example.FromString(record) for record in records]
    scores = scores_of(models["pairs", "good"], records)
    expected = _expected("pairs", scores, examples)
    assert verdict.metrics == pytest.approx(expected, **EXACT)
    assert [gate.value for gate in verdict.gates] == [pytest.approx(expected["auc"], **EXACT)]
    assert run.blessed
    scores = scores_of(models["pairs", "good"], tested)[:, 0]
    labels = [
        tf.train.Example.FromString(record).features.feature["relation"].float_list.value[0]
        for record in tested
    ]
    of_test = verdict.test["metrics"]
    assert of_test.keys() == expected.keys() - {"threshold", "f1_threshold"}
    assert of_test["examples"] == 200
    assert of_test["auc"] == pytest.approx(roc_auc_score(labels, scores), **EXACT)
    accurate = accuracy_score(labels, scores >= expected["threshold"])
    assert of_test["accuracy"] == pytest.approx(accurate, **EXACT)
    reached = f1_score(labels, scores >= expected["f1_threshold"])
    assert of_test["f1"] == pytest.approx(reached, **EXACT)
    low, high = verdict.test["intervals"]["auc"]
    assert low < of_test["auc"] < high


def test_what_the_eval_split_has_no_threshold_for_is_not_measured():
    config = _config("pairs", {"auc": Gate(min=0.8)}, ["label"])
    tested = config_of_test(config, {"threshold": math.nan, "f1_threshold": 0.25})
    settings = [json.loads(m.config) for m in tested.metrics_specs[0].metrics]
    assert {one["name"]: one["at"] for one in settings if one["at"]} == {"f1": 0.25}
    names = {one["name"] for one in settings}
    assert not names & {"accuracy", "threshold", "f1_threshold"}
    assert not [m for m in tested.metrics_specs[0].metrics if m.per_slice_thresholds]
    assert [list(s.feature_keys) for s in tested.slicing_specs] == [[]]
    assert len(config.slicing_specs) == 2


def test_a_weak_slice_does_not_refuse(models, evaluate):
    """Gates are on all tuples; with TFMA's plain thresholds a slice of one class would refuse."""
    records = make_tuples("pairs", 200)
    kept = [r for r in records if not (_related(r) and _has(r, "left_label", b"a"))]

    run = evaluate(
        _config("pairs", {"auc": Gate(min=0.7)}, ("label",)), kept, model=models["pairs", "good"]
    )
    verdict = evaluation_results.read_verdict(run.evaluation)

    assert math.isnan(verdict.slices["left_label", "a"]["auc"])
    assert math.isnan(verdict.slices["left_label", "a"]["accuracy"])
    assert verdict.slices["left_label", "a"]["examples"] > 0
    assert verdict.blessed
    assert run.blessed


def _has(record, feature, value):
    example = tf.train.Example.FromString(record)
    return example.features.feature[feature].bytes_list.value[0] == value


def _related(record):
    return tf.train.Example.FromString(record).features.feature["relation"].float_list.value[0] == 1


def test_what_the_corpus_refuses_is_not_blessed(models, evaluate):
    """One blessing for both: TFMA finds nothing wrong with the tuples."""
    shape = {"rows": 9, "dimensions": 4, "finite": 1.0, "effective_rank": 1.0, "spread": 0.5}
    run = evaluate(
        _config("pairs", {"auc": Gate(min=0.7)}),
        make_tuples("pairs", 60),
        model=models["pairs", "good"],
        corpus={"question": None, "embeddings": {"item": shape}},
    )
    verdict = evaluation_results.read_verdict(run.evaluation)

    [refused] = [gate for gate in verdict.gates if not gate.passed]
    assert (refused.kind, refused.metric, refused.value) == ("collapse", "effective_rank", 1.0)
    assert not verdict.blessed
    assert not run.blessed
    assert "examples" in verdict.metrics
    assert "examples" not in verdict.intervals
    low, high = verdict.intervals["auc"]
    assert low < verdict.metrics["auc"] < high
    assert all(0 <= end <= 1 for name in ("accuracy", "f1") for end in verdict.intervals[name])


def test_no_tuples_is_refused(models, evaluate):
    run = evaluate(
        _config("triplets", {"auc": Gate(min=0.5)}), [], model=models["triplets", "good"]
    )
    verdict = evaluation_results.read_verdict(run.evaluation)

    assert not verdict.blessed
    assert not run.blessed
    assert [gate.passed for gate in verdict.gates] == [False]


@pytest.mark.parametrize("label", [0.5, math.nan, None])
def test_a_label_that_is_not_0_or_1_stops_the_evaluation(label, models, evaluate):
    example = tf.train.Example.FromString(make_tuples("pairs", 1)[0])
    example.features.feature["relation"].float_list.value[:] = [] if label is None else [label]

    with pytest.raises(Exception, match="expected 1 scores of each, and its label as 0 or 1"):
        evaluate(
            _config("pairs", {"auc": Gate(min=0.5)}),
            [*make_tuples("pairs", 3), example.SerializeToString()],
            model=models["pairs", "good"],
        )


def test_scores_of_another_number_of_comparisons_stop_the_evaluation(models, evaluate):
    with pytest.raises(Exception, match="tuples: expected 1 scores of each"):
        evaluate(
            eval_config(
                RELATIONS["pairs"]._replace(label=spec.LabelKind.NONE),
                Evaluation(gates={"examples": Gate(min=1)}),
                signature="evaluate",
                code_fingerprint="",
                slice_role="anchor",
            ),
            make_tuples("triplets", 3),
            model=models["triplets", "good"],
        )


def test_results_are_printed_as_text_and_json(models, evaluate, capsys, tmp_path):
    run = evaluate(
        _config("triplets", {"auc": Gate(min=0.8, max_drop=0.01)}, ("label",)),
        make_tuples("triplets", 60),
        model=models["triplets", "broken"],
        baseline=models["triplets", "good"],
    )

    assert command.main([run.evaluation, "--json"]) == 0
    actual = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert actual == evaluation_results.read_verdict(run.evaluation).to_json()
    assert actual["blessed"] is False
    bounds = [(gate["bound"], gate["threshold"]) for gate in actual["gates"]]
    assert bounds == [("min", 0.8), ("max_drop", 0.01)]
    assert actual["metrics"]["auc"] is None
    assert {(s["feature"], s["value"]) for s in actual["slices"]} == {
        ("anchor_label", label) for label in "abc"
    }

    assert command.main([run.evaluation]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "refused"
    assert lines[1].startswith(
        "FAILED  threshold: auc min 0.8: undefined (a score is not a finite number) (baseline 0."
    )
    why = "a score is not a finite number"
    assert any(line.startswith(f"anchor_label=a: auc undefined ({why})") for line in lines)
    assert actual["undefined"]["auc"] == actual["undefined"]["auc [anchor_label=a]"] == why

    assert command.main([str(tmp_path)]) == 2
    assert "no evaluation" in capsys.readouterr().err


def test_a_code_fingerprint_changes_the_configuration_and_no_gate_on_the_unknown():
    one, other = (
        eval_config(
            RELATIONS["pairs"],
            Evaluation(gates={"auc": Gate(min=0.5)}),
            signature="evaluate",
            code_fingerprint=code,
            slice_role="left",
        )
        for code in ("a", "b")
    )
    assert one != other

    with pytest.raises(RecipeError, match=r"evaluation\.gates\.triplet_accuracy"):
        _config("pairs", {"triplet_accuracy": Gate(min=0.5)})


def test_gates_of_the_corpus_alone_leave_a_threshold_that_blesses():
    """With none TFX blesses nothing, however good the corpus is."""
    config = eval_config(
        spec.pairs("item", "item", related=True),
        Evaluation(corpus={"gates": {"map_at_r": {"min": 0.5}}}),
        signature="evaluate",
        code_fingerprint="0",
        slice_role="left",
    )
    bounds = {
        json.loads(metric.config)["name"]: [
            threshold.threshold.value_threshold.lower_bound.value
            for threshold in metric.per_slice_thresholds
        ]
        for metric in config.metrics_specs[0].metrics
    }
    assert bounds == {"score_spread": [], "examples": [1.0]}
