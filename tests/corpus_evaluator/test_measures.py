"""Estimates, the shape of embeddings, raw features: by hand."""

import io
import math
import tracemalloc

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from sklearn.datasets import load_digits

from components.corpus_evaluator.embeddings.collapse import SIDE, shape
from components.corpus_evaluator.embeddings.raw_features import RawFeatureLayout
from components.corpus_evaluator.embeddings.word_columns import WordColumns
from demo_data.rows import example
from relation.retrieval.estimate import estimate
from relation.schema import Feature, FeatureKind
from tests.encoded_images import png


def test_an_interval_is_that_of_a_mean():
    values = np.random.default_rng(0).random(50)
    actual = estimate(np.append(values, np.nan))
    assert actual.value == pytest.approx(values.mean())
    low, high = stats.norm.interval(0.95, values.mean(), stats.sem(values))
    assert (actual.low, actual.high) == pytest.approx((low, high))
    assert estimate(np.random.default_rng(1).permutation(values)) == estimate(values)
    assert math.isnan(estimate(np.array([np.nan])).value)
    assert estimate(np.array([0.5]))[0] == 0.5
    assert estimate(np.ones(9)) == (1, 1, 1)


def test_the_shape_of_embeddings():
    corners = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], np.float32)
    actual = shape(corners)
    assert (actual.rows, actual.dimensions, actual.finite) == (4, 3, 1)
    assert actual.effective_rank == pytest.approx(2)
    assert actual.spread == pytest.approx(1)
    # Eigenvalues 3/4 and 1/4.
    uneven = shape(corners * np.float32([[math.sqrt(3), 1, 1]]))
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert uneven.effective_rank == pytest.approx(math.exp(entropy), rel=1e-6)
    moved = shape(corners + np.float32([0, 0, 3]))
    assert moved.spread == pytest.approx(math.sqrt(1 / 10))
    assert shape(np.full((5, 3), 0.1, np.float32))[3:] == (0, 0)
    broken = shape(np.where(corners == -1, np.nan, corners))
    assert broken.finite == 0.5
    assert math.isnan(broken.effective_rank)


def test_wide_embeddings_such_as_images_take_no_square_of_their_width():
    rng = np.random.default_rng(3)
    wide = rng.normal(size=(20, SIDE * 4)).astype(np.float32)
    tracemalloc.start()
    actual = shape(wide)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * 2**20  # The square would take 512 MiB.
    centred = wide.astype(np.float64) - wide.mean(axis=0, dtype=np.float64)
    values = np.linalg.svd(centred, full_matrices=False)[1] ** 2
    shares = values[:19] / values[:19].sum()
    assert actual.effective_rank == pytest.approx(math.exp(-(shares * np.log(shares)).sum()))
    length = np.square(wide, dtype=np.float64).sum()
    assert actual.spread == pytest.approx(math.sqrt(values.sum() / length))


def comparable(layout, examples):
    rows, words = layout.encode(examples)
    scaling = layout.fit(rows, words, WordColumns.of([words]))
    out = np.empty((len(examples), sum(layout.widths)), np.float32)
    scaling(rows, words, out)
    return out


def test_numbers_are_z_scores_and_missing_ones_are_average():
    layout = RawFeatureLayout(
        (Feature(name="x", kind=FeatureKind.NUMERIC, dtype="float", width=2),)
    )
    out = comparable(layout, [example({"x": [1.0, 5.0]}), example({"x": [3.0, 5.0]}), example({})])
    assert out[:, 0] == pytest.approx(np.array([-1, 1, 0]) / math.sqrt(2))
    assert out[:, 1].tolist() == [0, 0, 0]


def numbers(dtype, fitted, scaled):
    """Scaled numbers of entities that others were fitted to, [n, width]."""
    width = max(map(len, [*fitted, *scaled]))
    feature = Feature(name="x", kind=FeatureKind.NUMERIC, dtype=dtype, width=width)
    layout = RawFeatureLayout((feature,))
    (rows, words), (others, other_words) = (
        layout.encode([example({"x": values}) for values in some]) for some in (fitted, scaled)
    )
    out = np.empty((len(scaled), width), np.float32)
    layout.fit(rows, words, WordColumns.of([words]))(others, other_words, out)
    assert np.isfinite(out).all()
    return out


@pytest.mark.parametrize("same", [0.1, 123456789.0])
def test_a_number_that_is_the_same_in_every_row_says_nothing(same):
    assert numbers("float", [[same]] * 1000, [[same], [0.2], [-1e30]]).tolist() == [[0.0]] * 3
    rounding = [[same], [float(np.nextafter(np.float32(same), np.float32(2 * same)))]]
    assert numbers("float", rounding * 500, [[0.2]]).tolist() == [[0.0]]
    assert numbers("int", [[7]] * 1000, [[7], [2**62]]).tolist() == [[0.0]] * 2


def test_a_component_that_no_row_has_says_nothing_and_infinity_is_missing():
    rows = [[1.0, 2.0], [3.0, 4.0]]
    out = numbers("float", rows, [[1.0, 4.0, 9.0], [math.inf, -math.inf, math.inf]])
    expected = [[-1 / math.sqrt(3), 1 / math.sqrt(3), 0.0], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_times_in_milliseconds_keep_their_levels():
    times = [[1_700_000_000_000 + 1000 * i] for i in range(200)]
    out = numbers("int", times, times)[:, 0]
    assert len(set(out.tolist())) == 200
    assert out.mean() == pytest.approx(0, abs=1e-6)
    assert out.std() == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(
    ("dtype", "ends"),
    [("int", [-(2**63), 2**63 - 1]), ("float", [-3.4e38, 3.4e38]), ("float", [1e24, 3e24])],
)
def test_numbers_as_large_as_their_type_holds(dtype, ends):
    assert numbers(dtype, [[e] for e in ends], [[e] for e in ends]).ravel() == pytest.approx(
        [-1, 1]
    )


def test_words_are_tf_idf_of_unit_length():
    layout = RawFeatureLayout((Feature(name="t", kind=FeatureKind.TEXT, dtype="bytes", width=1),))
    texts = [b"red Lamp", b"red lamp!", b"red chair", b""]
    out = comparable(layout, [example({"t": text}) for text in texts])
    assert out[0] == pytest.approx(out[1])
    assert np.linalg.norm(out[0]) == pytest.approx(1)
    assert not out[3].any()
    red, lamp = math.log(5 / 4) + 1, math.log(5 / 3) + 1
    chair = math.log(5 / 2) + 1
    cosine = red**2 / math.hypot(red, lamp) / math.hypot(red, chair)
    assert out[0] @ out[2] == pytest.approx(cosine, rel=1e-5)


def test_images_are_pixels():
    layout = RawFeatureLayout((Feature(name="i", kind=FeatureKind.IMAGE, dtype="bytes", width=1),))

    def image(value):
        buffer = io.BytesIO()
        Image.new("L", (5, 9), value).save(buffer, "PNG")
        return example({"i": buffer.getvalue()})

    out = comparable(layout, [image(0), image(255), image(255)])
    assert out.shape == (3, 16 * 16 * 3)
    assert out[1].tolist() == out[2].tolist()
    # A third and two thirds from the mean, over a standard deviation of √2/3.
    apart = np.linalg.norm(out[0] - out[1])
    assert apart == pytest.approx(1 / (math.sqrt(2) / 3), rel=1e-5)


def test_digits_of_16_bits_are_compared_as_those_of_8():
    digits = load_digits()
    images = np.rint(digits.images[:300] * (255 / 16)).astype(np.uint16)[..., None]
    layout = RawFeatureLayout((Feature(name="i", kind=FeatureKind.IMAGE, dtype="bytes", width=1),))
    eight, sixteen = (
        comparable(layout, [example({"i": encoded}) for encoded in several])
        for several in (
            [png(image) for image in images],
            [png(image * 257, depth=16) for image in images],
        )
    )
    assert (eight == sixteen).all()
    distances = np.square(eight[:, None] - eight[None]).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    related = digits.target[:300, None] == digits.target[:300][np.argsort(distances, axis=1)]
    scores = []
    for row in related:
        hits = row[: row.sum() - 1]  # Itself is last.
        scores.append((np.cumsum(hits) / np.arange(1, len(hits) + 1) * hits).sum() / len(hits))
    assert np.mean(scores) == pytest.approx(0.685, abs=0.0005)


def test_rows_that_differ_by_rounding_alone_are_equal():
    one = np.random.default_rng(0).normal(size=64).astype(np.float32)
    rows = np.tile(one, (50, 1))
    rows[::2] = np.nextafter(rows[::2], np.float32(np.inf))
    assert len(np.unique(rows, axis=0)) == 2
    assert shape(rows)[2:] == (1.0, 0.0, 0.0)
    apart = one + np.where(np.arange(50) % 2, 1e-3, -1e-3)[:, None]  # On a line, and no rounding.
    assert shape(apart).effective_rank == pytest.approx(1, abs=1e-3)
    length = np.sqrt(np.square(one, dtype=float).sum() + 64e-6)
    assert shape(apart).spread == pytest.approx(8e-3 / length, rel=1e-3)
