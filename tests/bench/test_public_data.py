"""Readers of public data, on small files written by hand; recipes of benchmarks are recipes."""

import gzip

import numpy as np
import pytest

from bench import public_data
from bench.__main__ import BENCHMARKS
from bench.masks_quality import dice, otsu
from bench.matching_quality import best_threshold, f1, told_apart
from bench.ranking_quality import measures
from bench.results import DataAbsent
from bench.systems import RECIPES
from relation.load import PROJECT, load_recipe
from trainer_module.validate import check_model


def test_absent_data_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("RELATA_DATA", str(tmp_path))
    with pytest.raises(DataAbsent, match=f"fashion.*{tmp_path}.*RELATA_DATA"):
        public_data.folder("fashion")
    (tmp_path / "fashion").mkdir()
    (tmp_path / "fashion" / "SOURCE.txt").write_text("here")
    assert public_data.folder("fashion") == tmp_path / "fashion"


def test_graded_documents(tmp_path):
    (tmp_path / "rank").write_text("2 1:0.5 3:1\n0 2:4\n1 3:2\n")
    (tmp_path / "rank.query").write_text("1\n2\n")
    actual = public_data.graded(tmp_path / "rank", 4)
    np.testing.assert_array_equal(actual.features, [[0.5, 0, 1, 0], [0, 4, 0, 0], [0, 0, 2, 0]])
    assert (actual.grades.tolist(), actual.query.tolist()) == ([2, 0, 1], [0, 1, 1])
    # The first query has one document; of the second, the better one comes second: 1 / log2(3).
    ndcg = measures(actual, np.array([0.0, 1.0, 0.5]))
    assert ndcg["ndcg_at_1"] == pytest.approx(0.5)
    assert ndcg["ndcg_at_3"] == pytest.approx((1 + 1 / np.log2(3)) / 2)


def test_tagged_rows(tmp_path):
    (tmp_path / "a.arff").write_text(
        "@relation a\n@attribute x numeric\n@attribute y numeric\n"
        "@attribute red {0,1}\n@attribute big {0,1}\n@data\n1,2.5,0,1\n3,4,1,1\n"
    )
    actual = public_data.tagged(tmp_path / "a.arff", 2)
    np.testing.assert_array_equal(actual.features, [[1, 2.5], [3, 4]])
    np.testing.assert_array_equal(actual.tags, [[0, 1], [1, 1]])
    assert actual.names == ("red", "big")


def test_idx_files(tmp_path):
    header = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3])
    (tmp_path / "a.gz").write_bytes(gzip.compress(header + bytes(range(6))))
    assert public_data.idx(tmp_path / "a.gz").tolist() == [[[0, 1, 2]], [[3, 4, 5]]]


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_recipes_of_benchmarks_are_recipes(path):
    loaded = load_recipe(str(path))
    assert loaded.recipe.name == path.stem
    assert loaded.recipe.model is not None
    features = {entity: loaded.features_of(entity) for entity in loaded.tuples.entities}
    check_model(loaded.recipe.model, loaded.tuples, features, len(loaded.compiled.label.domain))


def test_every_benchmark_is_a_module():
    modules = {path.stem for path in (PROJECT / "bench").glob("*.py")}
    assert set(BENCHMARKS) <= modules


def test_threshold_of_the_highest_f1():
    truth = np.array([True, False, True, True, False])
    scores = np.array([0.9, 0.8, 0.8, 0.4, 0.1])
    # F1 from .9 on 1/2, from .8 on 2/3, from .4 on 6/7, from .1 on 3/4.
    assert best_threshold(scores, truth) == 0.4
    assert f1(scores >= 0.4, truth) == pytest.approx(6 / 7)


def test_products_of_two_shops_have_no_id_in_common():
    row = told_apart({"left_id": "7", "right_id": "7", "left_title": "a"})
    assert row == {"left_id": "left-7", "right_id": "right-7", "left_title": "a"}


def test_otsu_and_dice():
    image = np.array([[10, 12, 11], [200, 210, 9]], np.uint8)
    actual = otsu(image)
    assert actual.tolist() == [[False] * 3, [True, True, False]]
    assert dice(actual, image > 205) == pytest.approx(2 / 3)
    assert dice(image > 250, image > 251) == 1.0
