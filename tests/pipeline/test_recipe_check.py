"""All faults of a recipe at once, without TensorFlow."""

import subprocess
import sys

import pytest

from pipeline import run
from pipeline.recipe_check import checked_recipe
from relation.core.errors import RecipeError
from relation.load import PROJECT, RECIPES
from tests.relation import systems

DIGITS = PROJECT / "schemas" / "digits.pbtxt"
FEATURES = f"expected a feature of {DIGITS}: id, image, label"
HEADS = (
    "alignment, concat_mlp, conditioned, cosine, distance, dot, feature_error, image, "
    "logistic_distance, ordinal, scorer, squared_distance, tag, vector"
)
CNN = (
    "frozen, normalize, dropout, weight_decay, norm, bins, category, masked, height, width, "
    "channels, flip, filters, dense, shift, embedding"
)
TRAINING = (
    "epochs, batch_size, accumulate, learning_rate, optimizer, weight_decay, schedule, warmup, "
    "clip_norm, mixed_precision, jit, step, strategy, warm_start, memory_mb, patience, keep, seed"
)

EVERYWHERE = """\
name: bad
data:
  entities:
    item: {schema: schemas/digits.pbtxt, id: idd, generator: demo_data.digit}
  split: {unit: entity, trian: 3}
relation:
  type: triplets
  source: {type: same_label, feature: lable}
model:
  features: [image, imag]
  tower: {type: cnn, heigth: 28, width: 28, dropout: 2}
  head: {type: distanc}
  loss: {type: in_batch_softmax, logq: true}
training: {epoch: 20, batch_size: 0}
evaluation:
  gates: {triplet_acuracy: {min: 0.9}}
  slices: [colour]
"""
IN_EACH_SECTION = [
    f"4: data.entities.item.id: got 'idd'; {FEATURES}; did you mean 'id'?",
    "4: data.entities.item.generator: got 'demo_data.digit'; there is no module 'demo_data.digit'; "
    "expected one that can be imported",
    "5: data.split.trian: unknown key (value 3); expected one of unit, train, eval, test, feature, "
    "shared; did you mean 'train'?",
    f"8: relation.source.feature: got 'lable'; {FEATURES}; did you mean 'label'?",
    f"10: model.features: got 'imag'; {FEATURES}; did you mean 'image'?",
    f"11: model.tower.heigth: unknown key (value 28); expected one of {CNN}; did you mean 'height'?",
    "11: model.tower.dropout: got 2; input should be less than 1",
    f"12: model.head.type: got 'distanc'; expected one of {HEADS}; did you mean 'distance'?",
    "13: model.loss.logq: unknown key (value True); expected one of temperature, log_q; "
    "did you mean 'log_q'?",
    f"14: training.epoch: unknown key (value 20); expected one of {TRAINING}; did you mean 'epochs'?",
    "14: training.batch_size: got 0; input should be greater than or equal to 1",
    "16: evaluation.gates.triplet_acuracy: unknown metric 'triplet_acuracy'; expected one of METRICS; "
    "did you mean 'triplet_accuracy'?",
    f"17: evaluation.slices: got 'colour'; {FEATURES}",
]

NOT_FITTING = """\
name: bad
data:
  entities:
    item: {schema: schemas/digits.pbtxt, id: id, generator: demo_data.digits}
  split: {unit: time, feature: label}
relation: {type: pairs, source: {type: same_label, feature: label}}
model:
  tower: {type: cnn, height: 8, width: 8, filters: [8, 8, 8, 8, 8]}
  head: {type: squared_distance}
  loss: {type: contrastive}
training: {warmup: 30}
evaluation:
  gates: {auc: {min: 0.9}, ndcg_at_5: {min: 0.5}, equal_error_rate: {max_drop: 0.1}}
  corpus: {gates: {recall_at_11: {min: 0.5}}}
"""


def faults(tmp_path, text: str) -> list[str]:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as error:
        checked_recipe(str(path))
    lines = str(error.value).splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


def test_a_fault_in_each_section_is_told_at_once(tmp_path):
    lines = faults(tmp_path, EVERYWHERE)
    metrics = lines[-2].partition("one of ")[2].partition(";")[0]
    assert "auc" in metrics.split(", ")
    assert [line.replace(metrics, "METRICS") for line in lines] == IN_EACH_SECTION


def test_what_does_not_fit_is_told_at_once(tmp_path):
    found = faults(tmp_path, NOT_FITTING)
    assert [line.partition("; expected one of")[0] for line in found] == [
        "8: model.tower: got 'cnn': 5 blocks halve the image too often: height and width must be at "
        "least 16",
        "9: model.head: got 'squared_distance'; the loss 'contrastive' works with distance",
        "11: training: got {'warmup': 30}; warmup: got 30 epochs; expected fewer than the 20 epochs of training",
        "13: evaluation.gates.ndcg_at_5: metric 'ndcg_at_5' does not apply to tuples of left, right "
        "with a label of kind binary",
        "13: evaluation.gates.equal_error_rate.max_drop: got 0.1; a lower 'equal_error_rate' does not "
        "mean a worse model: expected `min` or `max`",
    ]


FITTING = """\
name: bad
data:
  entities:
    item: {schema: schemas/digits.pbtxt, id: id, generator: demo_data.digits}
relation: {type: triplets, source: {type: same_label, feature: label}}
model:
  tower: {type: cnn, height: 28, width: 28}
  head: {type: cosine}
  loss: {type: circle}
training: {jit: true}
tuning: {space: {model.tower.embedding: [0, 8], model.head.margin: [1.0], training.epochs: [0]}}
evaluation:
  gates: {auc: {min: 0.9}}
  corpus: {gates: {recal_at_5: {min: 0.5}}}
"""


def test_corpus_gates_and_training_options_that_do_not_fit(tmp_path):
    lines = faults(tmp_path, FITTING)
    assert [line.partition("; expected one of")[0] for line in lines] == [
        "10: training.jit: got true; expected false, since XLA cannot compile mining or losses within a batch",
        "14: evaluation.corpus.gates.recal_at_5: got 'recal_at_5', which does not apply to this "
        "relation and head",
    ]
    assert lines[1].endswith("; did you mean 'recall_at_5'?")


def test_each_value_of_a_search_space_is_tried(tmp_path):
    lines = faults(tmp_path, FITTING.replace("{jit: true}", "{}").replace("recal_", "recall_"))
    assert [line.partition("; expected one of")[0] for line in lines] == [
        "11: tuning.space.model.tower.embedding: got 0: model.tower.embedding: got 0; input should be "
        "greater than or equal to 1",
        "11: tuning.space.model.head.margin: got 1.0: model.head.margin: unknown key (value 1.0)",
        "11: tuning.space.training.epochs: got 0: training.epochs: got 0; input should be greater "
        "than or equal to 1",
    ]


def test_a_misspelt_key_is_read_as_it_was_meant(tmp_path):
    text = FITTING.replace("feature: label", "featur: label").replace("jit", "jitt")
    assert [line.partition("; expected")[0] for line in faults(tmp_path, text)] == [
        "5: relation.source.featur: unknown key (value 'label')",
        "10: training.jitt: unknown key (value True)",
        "10: training.jit: got true",
        "14: evaluation.corpus.gates.recal_at_5: got 'recal_at_5', which does not apply to this "
        "relation and head",
    ]


def test_parts_of_edges_are_told_at_once(tmp_path):
    votes = {**systems.VOTES, "value": "likenes", "weight": "wieght"}
    changes = {
        "data.edges.votes": {**votes, "left": {"entity": "itm", "id": "aa"}},
        "data.entities.item.id": "skuu",
        "relation.sampling.balance": 3,
    }
    path = systems.write(tmp_path, systems.system("edge_pairs", changes))
    with pytest.raises(RecipeError) as error:
        checked_recipe(path)
    fields = [line.split(": ")[1] for line in str(error.value).splitlines()]
    assert fields == [
        "data.entities.item.id",
        "data.edges.votes.left.entity",
        "data.edges.votes.left.id",
        "data.edges.votes.value",
        "data.edges.votes.weight",
    ]


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_shipped_recipes_pass(name):
    assert checked_recipe(name).recipe.name == name


IMPORTED = """
import sys
from pipeline import run
status = run.main([sys.argv[1]])
print(status, {"keras", "tensorflow", "tfx", "apache_beam"} & set(sys.modules))
"""


def test_a_bad_recipe_ends_a_run_before_tensorflow_is_imported(tmp_path):
    (tmp_path / "r.yaml").write_text(NOT_FITTING)
    command = [sys.executable, "-c", IMPORTED, str(tmp_path / "r.yaml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "2 set()\n"
    assert done.stderr.count("\n") == 5


def test_a_run_tells_each_fault_on_a_line(tmp_path, capsys):
    (tmp_path / "r.yaml").write_text(EVERYWHERE)
    assert run.main([str(tmp_path / "r.yaml")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Error: ")
    assert len(lines) == len(IN_EACH_SECTION)
