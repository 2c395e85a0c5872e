"""The baseline of texts is the same in every script, and that of scikit-learn."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from components.corpus_evaluator.embeddings.raw_features import RawFeatureLayout
from components.corpus_evaluator.embeddings.word_columns import WORDS, WordColumns
from demo_data.rows import example
from relation.retrieval.distances import Similarity
from relation.retrieval.measures import measure
from relation.retrieval.points import Keys, Points, Ragged
from relation.schema import Feature, FeatureKind

TEXT = Feature(name="t", kind=FeatureKind.TEXT, dtype="bytes", width=1)
CATEGORY = Feature(name="c", kind=FeatureKind.CATEGORICAL, dtype="bytes", width=2)
SCRIPTS = {
    "Latin": [a + b for a in "bdfgklmnprst" for b in "aeiou"],
    "Cyrillic": [a + b for a in "бвгджзклмнпр" for b in "аеиоу"],
    # Vowels are marks, as in most words of the language.
    "Devanagari": [a + b for a in "कगचजटडतदनपबम" for b in ("ा", "ि", "ु", "े", "ो")],
    "Chinese": [chr(0x4E00 + number) for number in range(60)],
    "Latin, decomposed": [
        a + b for a in "bdfgklmnprst" for b in ("a\u0301", "e", "i\u0323\u0302", "o\u0308", "u")
    ],
}
ROWS, LABELS = 150, 5


def draws(seed: int, common: int = 30, own: int = 5) -> list[tuple[int, list[list[int]]]]:
    """Rows of a label, and 5 words of 3 syllables: some are those of the label, some of all."""
    rng = random.Random(seed)
    word = [[rng.randrange(60) for _ in range(3)] for _ in range(common + own * LABELS)]
    rows = []
    for row in range(ROWS):
        label = row % LABELS
        first = common + label * own
        numbers = [
            rng.randrange(first, first + own) if rng.random() < 0.4 else rng.randrange(common)
            for _ in range(5)
        ]
        rows.append((label, [word[number] for number in numbers]))
    return rows


def written(rows, syllables):
    return [" ".join("".join(syllables[s] for s in word) for word in words) for _, words in rows]


def vectors(texts):
    layout = RawFeatureLayout((TEXT,))
    rows, words = layout.encode([example({"t": text.encode()}) for text in texts])
    scaling = layout.fit(rows, words, WordColumns.of([words]))
    out = np.empty((len(texts), sum(layout.widths)), np.float32)
    scaling(rows, words, out)
    return out


def quality(vectors, labels):
    keys = Keys.single(np.array(labels, np.uint64))
    points = Points(np.arange(len(labels), dtype=np.uint64), keys, vectors)
    measured = measure(points, points, Similarity.EUCLIDEAN, same=True)
    return {name: float(np.nanmean(measured[name])) for name in ("map_at_r", "precision_at_1")}


@pytest.mark.parametrize(("seed", "common"), [(1, 30), (2, 30), (3, 2_000)])
def test_the_same_draws_have_the_same_baseline_in_every_script(seed, common):
    rows = draws(seed, common)
    by_script = {name: vectors(written(rows, letters)) for name, letters in SCRIPTS.items()}
    latin = by_script.pop("Latin")
    for name, other in by_script.items():
        assert np.array_equal(latin, other), name
    labels = [label for label, _ in rows]
    baseline = quality(latin, labels)
    assert 0.2 < baseline["map_at_r"] < 0.95
    if common < WORDS:
        tf_idf = TfidfVectorizer(token_pattern=r"\S+").fit_transform(
            written(rows, SCRIPTS["Latin"])
        )
        assert baseline == pytest.approx(quality(tf_idf.toarray(), labels), abs=2e-3)


def test_categories_are_whole_and_of_their_feature():
    layout = RawFeatureLayout((TEXT, CATEGORY))
    rows = [
        {"c": [b"red", b"red"], "t": b"c=red"},
        {"c": b"Red", "t": b""},
        {"t": b"red"},
        {"c": b"dark red"},
        {},
    ]
    _, words = layout.encode([example(row) for row in rows])
    sets = [words.take(np.array([row])).values.tolist() for row in range(len(rows))]
    assert [len(values) for values in sets] == [4, 1, 1, 1, 0]
    # A text's words first: `c`, `red`; then the category twice.
    assert sets[0][2] == sets[0][3]
    assert sets[0][1] == sets[2][0]
    assert len({*sets[0], *sets[1], *sets[2], *sets[3]}) == 5


VALUES = st.lists(st.lists(st.integers(0, 40), max_size=6), max_size=8)


def ragged(lists):
    starts = np.cumsum([0, *map(len, lists)])
    return Ragged(starts, np.array([value for values in lists for value in values], np.uint64))


@settings(max_examples=100, deadline=None)
@given(VALUES, VALUES)
def test_words_are_numbered_as_they_occur(one, other):
    columns = WordColumns.of([ragged(one), ragged(other)])
    order = dict.fromkeys(value for values in [*one, *other] for value in values)
    numbers = dict(zip(columns.words.tolist(), columns.numbers.tolist(), strict=True))
    assert numbers == {value: number for number, value in enumerate(order)}
    counts = columns.counts(ragged(other), 0, len(other))
    assert counts.shape == (len(other), WORDS)
    for row, values in zip(counts, other, strict=True):
        assert {int(c): int(row[c]) for c in np.flatnonzero(row)} == {
            numbers[value]: values.count(value) for value in values
        }


def test_columns_repeat_after_the_last():
    columns = WordColumns.of([ragged([[3, *range(100, 100 + WORDS)]])])
    counts = columns.counts(ragged([[3, 100 + WORDS - 1], [100]]), 0, 2)
    assert counts[0][0] == 2
    assert counts[1][1] == 1
    assert counts.sum() == 3


def test_a_rare_word_weighs_more():
    out = vectors(["a b", "a c", "a d"])
    assert out[0, 1] / out[0, 0] == pytest.approx((math.log(4 / 2) + 1) / (math.log(4 / 4) + 1))
