"""A feature may have any name: Transform, the model, and what it serves take it."""

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.load import load_recipe
from relation.schema import Feature, FeatureKind
from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.preprocessing.graph_names import LONGEST, TAG_COUNTS, graph_names
from trainer_module.run_fn import run_fn

TRAINED = [
    *("unit price", "größe", "a[0]", "x/y", "<script>", "Ä.b", "1st", "new\nline", "n" * 300),
    *("a b", "a_b", "embedding", "id_text"),
]
"""The last two are those of a layer, and of what Transform adds."""
NAMES = [
    *TRAINED,
    *("a.b", "a-b", "a--b", "A_B", "日本", "🎉", "tab\tbed", "_private", "back\\slash", 'quo"te'),
    *("it's", "{}", "%s", "x:0", "^x", ">x", "..", " ", "a,b", "a|b", "a=b", "$x", "#"),
    *("words", "dense", "concatenate", "kind of thing_text", "id_key", "self", "inputs", "name"),
]
KINDS = ("number", "category", "text")
NUMBER, CATEGORY, TEXT = KINDS
LABEL, ID = "kind of thing", "i/d"
RECIPE = f"""
name: any_names
data:
  entities: {{item: {{schema: item.pbtxt, path: none, id: "{ID}"}}}}
  split: {{unit: entity, train: 3, eval: 1}}
relation:
  type: triplets
  source: {{type: same_label, feature: {LABEL}}}
model:
  tower: {{type: dense, dense: [8], embedding: 4}}
  head: {{type: squared_distance}}
  loss: {{type: triplet}}
training: {{epochs: 1, batch_size: 16, learning_rate: 0.01}}
evaluation: {{gates: {{auc: {{min: 0.5}}}}}}
"""
DTYPES = {NUMBER: tf.float32, CATEGORY: tf.string, TEXT: tf.string}


def schema(kinds: dict[str, str]) -> schema_pb2.Schema:
    result = schema_pb2.Schema()
    for name in (ID, LABEL):
        feature = result.feature.add(name=name, type=schema_pb2.BYTES)
        feature.presence.min_fraction = 1
    for name, kind in kinds.items():
        types = {NUMBER: schema_pb2.FLOAT}
        feature = result.feature.add(name=name, type=types.get(kind, schema_pb2.BYTES))
        if kind == TEXT:
            feature.natural_language_domain.SetInParent()
    return result


def value(kind: str, number: int) -> list:
    return [float(number)] if kind == NUMBER else [b"red" if number % 2 else b"blue"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of features of some of the names, a third of each kind."""
    folder = tmp_path_factory.mktemp("names")
    kinds = {name: KINDS[at % 3] for at, name in enumerate(TRAINED)}
    (folder / "item.pbtxt").write_text(text_format.MessageToString(schema(kinds), as_utf8=True))
    (folder / "recipe.yaml").write_text(RECIPE)
    loaded = load_recipe(str(folder / "recipe.yaml"))
    types = {"id": tf.string, LABEL: tf.string} | {n: DTYPES[k] for n, k in kinds.items()}
    roles = ("anchor", "positive", "negative")
    spec = {f"{r}_{n}": tf.io.VarLenFeature(t) for r in roles for n, t in types.items()}
    spec["negative_prob"] = tf.io.VarLenFeature(tf.float32)

    def row(number):
        members = zip(roles, (number, number + 2, number + 1), strict=True)
        values = {"negative_prob": [0.5]}
        for role, of in members:
            values |= {f"{role}_{name}": value(kind, of) for name, kind in kinds.items()}
            values |= {f"{role}_id": [b"%d" % of], f"{role}_{LABEL}": [b"%d" % (of % 2)]}
        return values

    rows = {
        split: [row(number) for number in range(n)] for split, n in (("train", 40), ("eval", 20))
    }
    files = small_run.run_transform(folder, loaded, spec, rows)
    run_fn(small_run.arguments(files, training_request(loaded), folder))
    return folder, kinds


def test_every_name_is_trained_and_served(trained):
    folder, kinds = trained
    model = tf.saved_model.load(str(folder / "serving"))

    def embedding(prefix="", signature="embed_item", output="embedding", **other):
        features = {}
        for name, kind in kinds.items():
            (content,) = other.get(name) or value(kind, 3)
            if kind == NUMBER:
                filled = tf.train.Feature(float_list=tf.train.FloatList(value=[content]))
            else:
                filled = tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
            features |= {f"{role}{name}": filled for role in (prefix or [""])}
        example = tf.train.Example(features=tf.train.Features(feature=features))
        serve = model.signatures[signature]
        return serve(examples=tf.constant([example.SerializeToString()]))[output].numpy()

    usual = embedding()
    assert np.isfinite(usual).all()
    for name, kind in kinds.items():
        changed = embedding(**{name: [9.0] if kind == NUMBER else [b"unseen"]})
        assert np.abs(changed - usual).max() > 1e-7, name
    score = embedding(("anchor_", "positive_"), "score", "score")
    assert score == pytest.approx([0.0], abs=1e-6)


def test_the_projector_has_a_line_a_tuple(trained):
    folder, _ = trained
    labels = (folder / "run" / "item_labels.tsv").read_text().splitlines()
    assert labels[0] == f"id\t{LABEL}"
    assert len(labels) == 21


def feature(name, kind=FeatureKind.NUMERIC, domain=None):
    dtype = "float" if kind is FeatureKind.NUMERIC else "bytes"
    return Feature(name=name, kind=kind, dtype=dtype, width=1, domain=domain)


def test_ordinary_names_stay():
    words, colour = (feature(n, FeatureKind.TEXT) for n in ("title", "maker"))
    shared = feature("home", FeatureKind.CATEGORICAL, "country")
    features = {
        "item": (feature("price"), feature("Unit_Price2"), words, colour, shared),
        "user": (feature("a-b"), shared, words),
    }
    assert list(graph_names(features).values()) == [
        *("item_price", "item_Unit_Price2", "item_words", "item_words", "domain_country"),
        *("user_a-b", "domain_country", "user_words"),
    ]


def test_names_are_apart_and_fit_scopes_and_files():
    own = [feature(name, kind) for kind in FeatureKind for name in NAMES]
    categories = [feature(f"{n} {k}", FeatureKind.CATEGORICAL) for k in "ab" for n in NAMES]
    texts = [feature(f"text {name}", FeatureKind.TEXT) for name in NAMES]
    del own[len(NAMES) :]
    features = {"item": (*own, *categories, *texts), "item_words": tuple(texts)}
    names = graph_names(features)
    apart = set(names.values())
    assert len(apart) == len(own) + len(categories) + 2
    for name in apart:
        assert len(name) <= LONGEST + 17
        assert name.isascii()
        assert all(c.isalnum() or c in "_-" for c in name)


def test_two_features_never_share_a_name_by_accident():
    category = FeatureKind.CATEGORICAL
    features = {
        "a": (feature("b_c"), feature("words", category), feature("text", FeatureKind.TEXT)),
        "a_b": (feature("c"),),
        "domain": (feature("d", category),),
        "other": (feature("e", category, domain="d"),),
        "tag": (feature("counts", category),),
    }
    names = graph_names(features)
    assert len(set(names.values())) == len(names)
    assert TAG_COUNTS not in names.values()
    assert names["a", "b_c"] == "a_b_c"
