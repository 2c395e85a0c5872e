"""Rows, files and runs for the tests of SplitGen."""

import glob
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from components.split_gen.beam_stages import Stage, attempt, checked, merge, record
from components.split_gen.request import SplitRequest
from components.split_gen.run import split
from tests.common.coders import CheckedPipeline

ID = {"name": "id", "type": "bytes"}
ENDS = {
    "left": {"entity": "item", "id": {"name": "left", "type": "bytes"}},
    "right": {"entity": "item", "id": {"name": "right", "type": "bytes"}},
}


def request(**changed: Any) -> SplitRequest:
    """By component, of items and edges between them, 3:1; `train`, `eval`, `test`: shares."""
    asked = {"unit": "component", "entities": {"item": ID}, "edges": ENDS, "train": 3, "eval": 1}
    asked |= changed
    shares = {name: asked.pop(name) for name in ("train", "eval", "test") if name in asked}
    return SplitRequest.model_validate({**asked, "shares": shares})


def by_time(type_: str = "int", **changed: Any) -> SplitRequest:
    asked = {"unit": "time", "edges": None, "feature": {"name": "at", "type": type_}}
    return request(**{**asked, **changed})


def row(**values: Any) -> bytes:
    """A serialized tf.Example; each value is one of bytes, int or float, or a list of them."""
    example = tf.train.Example()
    for name, value in values.items():
        feature = example.features.feature[name]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, bytes):
                feature.bytes_list.value.append(item)
            elif isinstance(item, int):
                feature.int64_list.value.append(item)
            else:
                feature.float_list.value.append(item)
    return example.SerializeToString(deterministic=True)


def item(number: int, **more: Any) -> bytes:
    return row(id=b"%d" % number, **more)


def edge(left: int, right: int, **more: Any) -> bytes:
    return row(left=b"%d" % left, right=b"%d" % right, **more)


def write(path: Path, rows: Iterable[bytes]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(path), options) as writer:
        for serialized in rows:
            writer.write(serialized)
    return str(path)


def run(
    asked: SplitRequest,
    folder: Path,
    inputs: Mapping[str, Sequence[bytes]],
    shards: int = 1,
    flags: Sequence[str] = (),
    **settings: int,
) -> tuple[dict[str, Any], dict[str, tuple[list[bytes], ...]]]:
    """Splits {input: rows}, each in some files; returns statistics and {input: rows by split}."""
    files = {
        name: [write(folder / "in" / name / f"{n}.gz", rows[n::shards]) for n in range(shards)]
        for name, rows in inputs.items()
    }
    outputs = {name: str(folder / "out" / name) for name in inputs}
    for output in outputs.values():
        Path(output).mkdir(parents=True)
    found = split(asked, files, outputs, lambda: CheckedPipeline(argv=list(flags)), **settings)
    return found, {
        name: tuple(records(Path(output), split) for split in asked.splits)
        for name, output in outputs.items()
    }


def records(output: Path, name: str) -> list[bytes]:
    """All records of a split, sorted."""
    paths = glob.glob(str(output / f"Split-{name}" / "*"))
    return sorted(
        record
        for path in paths
        for record in tf.data.TFRecordDataset(path, compression_type="GZIP").as_numpy_iterator()
    )


def ids(rows: Iterable[bytes], name: str = "id") -> list[int]:
    """The ids of rows, in order."""
    return sorted(
        int(tf.train.Example.FromString(one).features.feature[name].bytes_list.value[0])
        for one in rows
    )


def components(nodes: Iterable[int], pairs: Iterable[tuple[int, int]]) -> list[set[int]]:
    """The oracle: union-find, one edge at a time."""
    parent = {node: node for node in nodes}

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for left, right in pairs:
        if left in parent and right in parent:
            parent[root(left)] = root(right)
    found: dict[int, set[int]] = {}
    for node in parent:
        found.setdefault(root(node), set()).add(node)
    return list(found.values())


def serial(_: Any, folder: str, stages: Sequence[Stage]) -> dict[str, dict[str, Any]]:
    """In place of `stages.run`: the same without Beam."""
    found: dict[str, dict[str, Any]] = {}
    for stage in stages:
        counts = merge(attempt(stage.step, task) for task in reversed(stage.tasks))
        found[stage.name] = json.loads(record(json.dumps(counts), folder, stage.name))
        checked(found)
    return found
