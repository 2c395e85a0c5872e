"""Transform: analyzed once an entity type, applied to every role, and keys are left out."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

from relation.schema import Feature, FeatureKind
from tests.relations import compiled
from tests.trainer_module.transformed import transform
from trainer_module.model.transform_graph import TransformGraph
from trainer_module.preprocessing.quantile_normalization import QUANTILES
from trainer_module.request import PreprocessingRequest

FEATURES = (
    Feature(name="price", kind=FeatureKind.NUMERIC, dtype="float", width=1),
    Feature(name="size", kind=FeatureKind.NUMERIC, dtype="int", width=2),
    Feature(name="colour", kind=FeatureKind.CATEGORICAL, dtype="bytes", width=1),
    Feature(name="year", kind=FeatureKind.CATEGORICAL, dtype="int", width=1),
    Feature(name="photo", kind=FeatureKind.IMAGE, dtype="bytes", width=1),
)
REQUEST = PreprocessingRequest(
    compiled=compiled(
        {"item": "sku"}, {"type": "pairs", "source": {"type": "same_label", "feature": "brand"}}
    ),
    features={"item": FEATURES},
)
TYPES = {"bytes": tf.string, "int": tf.int64, "float": tf.float32}


def _entity(role: str, price, size, colour, year) -> dict[str, list]:
    values = {
        "price": price,
        "size": size,
        "colour": colour,
        "year": year,
        "photo": [b"png"],
        "brand": [b"secret"],
    }
    return {f"{role}_{name}": value for name, value in values.items()}


# Prices 1, 2, 3, 6 have mean 3 and variance 14/4 = 3.5; each entity once, under the first role.
ENTITIES = [
    _entity("left", [1.0], [10, 0], [b"red"], [1999]),
    _entity("left", [2.0], [20, 0], [b"red"], [1999]),
    _entity("left", [3.0], [30, 0], [b"blue"], [2001]),
    _entity("left", [6.0], [40, 0], [b"red"], [1999]),
]
TUPLE = {
    **_entity("left", [6.0], [25, 0], [b"blue"], [1999]),
    **_entity("right", [3.0], [], [b"green"], []),
    "relation": [1.0],
}
TUPLE_WITHOUT_PRICE = {**TUPLE, "right_price": [], "relation": [0.0]}


@pytest.fixture(scope="module")
def transformed(tmp_path_factory):
    return _transform(REQUEST, tmp_path_factory)


def _transform(request, tmp_path_factory):
    spec = {
        f"{role}_{name}": tf.io.VarLenFeature(kind)
        for role in ("left", "right")
        for name, kind in [*((f.name, TYPES[f.dtype]) for f in FEATURES), ("brand", tf.string)]
    } | {"relation": tf.io.VarLenFeature(tf.float32)}
    folder = tmp_path_factory.mktemp("transform")
    return transform(request, spec, ENTITIES, folder, [TUPLE, TUPLE_WITHOUT_PRICE])


def test_numbers_are_z_scores_of_the_entities_for_both_roles(transformed):
    rows, _ = transformed
    assert rows[0]["left_price"] == pytest.approx([3 / np.sqrt(3.5)])
    assert rows[0]["right_price"] == pytest.approx([0.0])
    # Sizes 10, 20, 30, 40: mean 25; the second component never varies.
    assert rows[0]["left_size"] == pytest.approx([0.0, 0.0])


def test_a_missing_number_is_the_mean(transformed):
    rows, _ = transformed
    assert rows[1]["right_price"] == pytest.approx([0.0])
    assert rows[1]["right_size"] == pytest.approx([0.0, 0.0])


def test_categories_share_one_vocabulary_and_zero_is_unknown_or_missing(transformed):
    rows, output = transformed
    assert output.vocabulary_by_name("item_colour") == [b"red", b"blue"]
    assert rows[0]["left_colour"].tolist() == [2]
    assert rows[0]["right_colour"].tolist() == [0]
    assert output.vocabulary_by_name("item_year") == [b"1999", b"2001"]
    assert rows[0]["left_year"].tolist() == [1]
    assert rows[0]["right_year"].tolist() == [0]


def test_only_features_of_towers_and_the_label_come_out(transformed):
    rows, output = transformed
    names = {f"{role}_{f.name}" for role in ("left", "right") for f in FEATURES} | {"relation"}
    assert set(output.transformed_feature_spec()) == names
    assert [float(row["relation"][0]) for row in rows] == [1.0, 0.0]
    assert rows[0]["left_photo"].tolist() == [b"png"]


def test_one_role_can_be_fed_alone(transformed):
    _, output = transformed
    alone = {
        "left_price": tf.sparse.from_dense([[6.0]]),
        "left_colour": tf.sparse.from_dense([["blue"]]),
    }
    result = TransformGraph(output)(alone)
    assert result["left_price"].numpy() == pytest.approx(np.array([[3 / np.sqrt(3.5)]]))
    assert result["left_colour"].numpy().tolist() == [[2]]
    assert "right_price" not in result


def test_numbers_are_ranks_where_the_recipe_says_so(tmp_path_factory):
    request = REQUEST.model_copy(update={"numbers": "ranks"})
    rows, _ = _transform(request, tmp_path_factory)
    # Prices 1, 2, 3, 6: three steps; sizes 10, 20, 30, 40: 25 is half way, and 0 never varies.
    last = norm.ppf(1 - 0.5 / QUANTILES)
    assert rows[0]["left_price"] == pytest.approx([last], abs=1e-4)
    assert rows[0]["right_price"] == pytest.approx(norm.ppf([2 / 3]), abs=1e-4)
    assert rows[0]["left_size"] == pytest.approx([0.0, 0.0], abs=1e-4)
    assert rows[0]["right_size"].tolist() == [0.0, 0.0]
    assert rows[1]["right_price"].tolist() == [0.0]
