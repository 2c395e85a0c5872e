"""The benchmarks of RelationGen measure what they say, on data that are what they say."""

import json
import math
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from bench import isolated, relation_gen_assembly, relation_gen_plot
from bench.peers import python_with
from bench.relation_gen_growth import slope
from bench.relation_gen_job import compiled
from bench.relation_gen_rows import CASE, CASES, digits, write
from bench.results import DataAbsent, Result


def parsed(folder, name):
    files = sorted(map(str, (folder / name).rglob("*.gz")))
    records = tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    return [tf.train.Example.FromString(record).features.feature for record in records]


@pytest.mark.parametrize("name", CASES)
def test_each_case_is_a_request_with_rows(tmp_path, name):
    write(CASES[name](100), tmp_path)
    asked = json.loads((tmp_path / CASE).read_text())
    compiled(asked)
    for entity in asked["inputs"]:
        rows = parsed(tmp_path, entity)
        schema = asked["inputs"][entity]["schema"]
        assert rows
        assert all(f'"{key}"' in schema for row in rows for key in row)


def test_keys_are_as_hot_or_small_as_they_should_be(tmp_path):
    actual = {}
    for name in ("hot_key", "small_keys", "uniform"):
        rows = parsed(write(CASES[name](1000), tmp_path / name), "item")
        actual[name] = Counter(row["label"].int64_list.value[0] for row in rows)
        assert len({row["id"].bytes_list.value[0] for row in rows}) == len(rows)
    assert max(actual["hot_key"].values()) == 900
    assert len(actual["small_keys"]) == 1000
    assert set(actual["small_keys"].values()) == {1, 2}
    assert set(actual["uniform"].values()) == {100}


def test_four_fifths_of_an_image_are_zero():
    for image in digits(20):
        assert len(image) == 784
        assert image.count(0) / 784 == pytest.approx(0.8, abs=0.03)


def test_a_call_is_measured_in_its_own_process():
    large = np.zeros(2**26)  # Held here, not there.
    actual = isolated.call("tests.bench.holding:hold", mib=100)
    assert large.nbytes == 2**29
    assert actual.value == 100
    assert 80 < actual.peak - actual.base < 200
    assert actual.wall > 0
    with pytest.raises(RuntimeError, match="no such size"):
        isolated.call("tests.bench.holding:hold", mib=-1)


def test_slope_is_of_logarithms():
    assert slope([(x, 3 * x**1.5) for x in (10, 100, 1000)]) == pytest.approx(1.5)


def test_joined_and_built_tuples_are_the_same():
    results = relation_gen_assembly.run(entities=50, tuples=90, rounds=1)
    assert all(math.isfinite(result.ratio) for result in results)


def test_what_cannot_be_installed_is_absent_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DataAbsent, match="this-package cannot be installed"):
        python_with("none", ("this-package",), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_plot_shows_each_figure(tmp_path):
    for name, unit in (("growth", "s"), ("memory", "MiB")):
        for rows, value in ((10_000, 1.0), (100_000, 11.0), (1_000_000, 123.0)):
            peers = {"plain Beam": [2 * value]}
            Result.of(f"relation_gen_{name}_{rows}", unit, "lower", [value], peers, None).write(
                tmp_path
            )
    relation_gen_plot.main(tmp_path, tmp_path / "plot.svg")
    svg = ElementTree.parse(tmp_path / "plot.svg").getroot()
    texts = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("123") == 2
    assert texts.count("22") == 2
