"""Features of a schema, and the schema of tuples."""

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.compiled import CompiledRelation
from relation.schema import FeatureKind, read_features, tuple_schema
from tests.relations import compiled

SCHEMA = text_format.Parse(
    """
    feature { name: "sku" type: BYTES presence { min_fraction: 1 } }
    feature { name: "vector" type: FLOAT shape { dim { size: 4 } } }
    feature { name: "sizes" type: INT value_count { min: 1 max: 3 } }
    feature { name: "colour" type: BYTES domain: "colours" }
    feature { name: "year" type: INT int_domain { is_categorical: true } }
    feature { name: "photo" type: BYTES image_domain {} }
    string_domain { name: "colours" value: "red" value: "blue" }
    """,
    schema_pb2.Schema(),
)


def test_kinds_types_and_widths_follow_from_the_schema():
    actual = {f.name: (f.kind, f.dtype, f.width) for f in read_features(SCHEMA).values()}
    assert actual == {
        "sku": (FeatureKind.CATEGORICAL, "bytes", 1),
        "vector": (FeatureKind.NUMERIC, "float", 4),
        "sizes": (FeatureKind.NUMERIC, "int", 3),
        "colour": (FeatureKind.CATEGORICAL, "bytes", 1),
        "year": (FeatureKind.CATEGORICAL, "int", 1),
        "photo": (FeatureKind.IMAGE, "bytes", 1),
    }


def test_features_of_one_domain_know_it():
    named = {name: feature.domain for name, feature in read_features(SCHEMA).items()}
    assert named.pop("colour") == "colours"
    assert set(named.values()) == {None}


def _asked(kind: str) -> CompiledRelation:
    source = {"type": "same_label", "feature": "colour"}
    return compiled({"item": "sku"}, {"type": kind, "source": source}, {"item": SCHEMA})


def test_tuple_schema_has_every_feature_under_every_role():
    result = tuple_schema(_asked("triplets"), {"item": SCHEMA})
    names = [feature.name for feature in result.feature]
    assert len(names) == len(set(names)) == 3 * 7 + 1
    assert {n for n in names if n.startswith("positive_")} == {
        f"positive_{n}" for n in ("id", "sku", "vector", "sizes", "colour", "year", "photo")
    }
    assert "negative_prob" in names
    assert "relation" not in names
    by_name = {feature.name: feature for feature in result.feature}
    assert by_name["anchor_colour"].domain == "colours"
    assert [d.name for d in result.string_domain] == ["colours"]
    assert by_name["anchor_id"].type == schema_pb2.BYTES
    assert not by_name["anchor_vector"].HasField("shape")


def test_pairs_have_a_label_and_a_probability_that_may_be_absent():
    by_name = {f.name: f for f in tuple_schema(_asked("pairs"), {"item": SCHEMA}).feature}
    assert (by_name["relation"].float_domain.min, by_name["relation"].float_domain.max) == (0, 1)
    assert by_name["relation"].presence.min_fraction == 1
    assert by_name["negative_prob"].presence.min_fraction == 0
