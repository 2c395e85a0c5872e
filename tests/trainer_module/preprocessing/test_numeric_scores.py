"""Numbers of any kind: what training entities had decides what is made of any number served."""

import numpy as np
import pytest
import tensorflow as tf

from relation.schema import Feature, FeatureKind
from tests.relations import compiled
from tests.trainer_module.transformed import transform
from trainer_module.model.transform_graph import TransformGraph
from trainer_module.preprocessing.numeric_scores import MAX_SCORE, without_offset
from trainer_module.request import PreprocessingRequest

NAN, INF = float("nan"), float("inf")
N = 200
DAY = 1_700_000_000_000
LEVELS = [DAY + 1000 * i for i in range(N)]
WEI = 3e24
INTS = {
    "time": LEVELS,
    "small": [i % 7 for i in range(N)],
    "extreme": [(-(2**63), 2**63 - 1)[i % 2] for i in range(N)],
    "ticks": [2**62 - 10**6 + 4096 * i for i in range(N)],
    "id": [2**63 - 1] * N,
}
FLOATS = {
    "tenth": [0.1] * N,
    "noisy": [float(np.float32(0.1) + (i % 2) * np.spacing(np.float32(0.1))) for i in range(N)],
    "million": [123456789.0] * N,
    "wei": [WEI * (1 + i % 3) for i in range(N)],
    "widest": [(-3.4e38, 3.4e38)[i % 2] for i in range(N)],
    "price": [1.0, 2.0, 3.0, 6.0] * (N // 4),
    "vector": [[1.0 + i % 2, 2.0 + i % 5] for i in range(N)],
    "absent": [[]] * N,
}
WIDTHS = {"vector": 3, "absent": 2}
FEATURES = tuple(
    Feature(name=name, kind=FeatureKind.NUMERIC, dtype=dtype, width=WIDTHS.get(name, 1))
    for dtype, columns in (("int", INTS), ("float", FLOATS))
    for name in columns
)
TYPES = {"int": tf.int64, "float": tf.float32}


def _list(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module", params=["z_scores", "ranks"])
def served(request, tmp_path_factory):
    """Scores of served numbers, by feature; with the name of the preprocessing."""
    asked = PreprocessingRequest(
        compiled=compiled(
            {"item": "sku"}, {"type": "pairs", "source": {"type": "same_label", "feature": "brand"}}
        ),
        features={"item": FEATURES},
        numbers=request.param,
    )
    names = [f"{role}_{feature.name}" for role in ("left", "right") for feature in FEATURES]
    spec = {name: TYPES[f.dtype] for name, f in zip(names, FEATURES * 2, strict=True)}
    spec = {name: tf.io.VarLenFeature(kind) for name, kind in spec.items()}
    spec |= {f"{r}_brand": tf.io.VarLenFeature(tf.string) for r in ("left", "right")}
    spec["relation"] = tf.io.VarLenFeature(tf.float32)
    columns = {**INTS, **FLOATS}
    rows = [
        {f"left_{name}": _list(values[i]) for name, values in columns.items()} for i in range(N)
    ]
    _, output = transform(asked, spec, rows, tmp_path_factory.mktemp("transform"))
    layer = TransformGraph(output)
    dtypes = {feature.name: TYPES[feature.dtype] for feature in FEATURES}

    def scores(name, numbers):
        ragged = tf.ragged.constant([_list(number) for number in numbers], dtypes[name])
        return layer({f"right_{name}": ragged.to_sparse()})[f"right_{name}"].numpy()

    return request.param, scores


def test_a_component_that_was_never_there_is_0(served):
    _, scores = served
    actual = scores("vector", [[1.0, 2.0, 9.0], [2.0], [2.0, INF, INF]])
    assert np.isfinite(actual).all()
    assert actual[:, 2].tolist() == [0.0, 0.0, 0.0]
    assert actual[1:, 1].tolist() == [0.0, 0.0]
    assert (actual[0, :2] < 0).all()
    assert scores("absent", [[1.0, 2.0], [0.0, 0.0]]).tolist() == [[0.0, 0.0]] * 2


@pytest.mark.parametrize(
    ("name", "number"), [("tenth", 0.2), ("noisy", 0.2), ("million", 1e9), ("id", 5)]
)
def test_what_is_the_same_in_every_training_row_says_nothing(served, name, number):
    _, scores = served
    same = (INTS | FLOATS)[name][0]
    assert scores(name, [same, number, -number]).tolist() == [[0.0]] * 3


def test_infinity_is_as_a_missing_number(served):
    _, scores = served
    actual = scores("price", [[], NAN, INF, -INF, 3.4e38, -3.4e38])
    assert actual[:4].tolist() == [[0.0]] * 4
    assert np.isfinite(actual).all()
    assert actual[4] == -actual[5] > 1


def test_times_in_milliseconds_keep_their_levels(served):
    name, scores = served
    for column in ("time", "ticks"):
        actual = scores(column, INTS[column])[:, 0]
        assert len(set(actual.tolist())) == N
        assert (np.diff(actual) > 0).all()
        if name == "z_scores":
            assert actual.mean() == pytest.approx(0, abs=1e-5)
            assert actual.std() == pytest.approx(1, rel=1e-5)
    if name == "z_scores":
        levels = np.array(LEVELS, dtype=np.float64)
        expected = (levels - levels.mean()) / levels.std()
        np.testing.assert_allclose(scores("time", LEVELS)[:, 0], expected, atol=1e-5)


@pytest.mark.parametrize("column", ["wei", "widest", "extreme"])
def test_numbers_as_large_as_their_type_holds_are_told_apart(served, column):
    name, scores = served
    numbers = (INTS | FLOATS)[column]
    actual = scores(column, numbers)[:, 0]
    if name == "z_scores":
        exact = np.array(numbers, dtype=np.float64)
        expected = (exact - exact.mean()) / exact.std()
        np.testing.assert_allclose(actual, expected, rtol=1e-5)
    else:
        assert len(set(actual.tolist())) == len(set(numbers))
        assert np.isfinite(actual).all()


@pytest.mark.parametrize("column", [*INTS, *FLOATS])
def test_no_number_makes_a_score_that_is_not_finite(served, column):
    _, scores = served
    numbers = (
        [0, 1, -1, 2**62, -(2**63), 2**63 - 1, DAY]
        if column in INTS
        else [0.0, 1e-45, -1e-30, 3.4e38, -3.4e38, INF, -INF, NAN]
    )
    actual = scores(column, [*numbers, []])
    assert np.isfinite(actual).all()
    assert np.abs(actual).max() <= MAX_SCORE


def test_ordinary_whole_numbers_are_what_they_were(served):
    name, scores = served
    if name == "z_scores":
        numbers = np.array(INTS["small"], dtype=np.float64)
        expected = (numbers - numbers.mean()) / numbers.std()
        np.testing.assert_allclose(scores("small", INTS["small"])[:, 0], expected, atol=1e-5)


def test_differences_of_whole_numbers_are_exact_wherever_they_lie():
    whole = tf.constant([[2**62 + 3], [-(2**63)], [2**63 - 1]], tf.int64)
    offset = tf.constant([2**62 + 1], tf.int64)
    actual = without_offset(whole, offset).numpy()[:, 0].tolist()
    assert actual == [2.0, np.float32(-(2.0**63) - 2.0**62), np.float32(2.0**62)]
