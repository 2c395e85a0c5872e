"""The data that RelationGen is measured on: rows of many shapes, each a function of its size."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from demo_data.rows import example

FILES = 8
"""Into which each input is cut."""
CASE = "case.json"
PIXELS = 28
_STROKE = PIXELS // 5
"""Of each line of an image so many pixels are not zero."""

Ints = npt.NDArray[np.int64]
Record = bytes


class Input(NamedTuple):
    """An input: its schema, whether its rows are of a split, and its serialized rows."""

    schema: str
    split: bool
    rows: Iterator[Record]


class Case(NamedTuple):
    """Parts of a recipe's `data` and its `relation`, and the inputs by name."""

    data: dict[str, Any]
    relation: dict[str, Any]
    inputs: dict[str, Input]


_ID = 'feature { name: "id" type: BYTES }\n'
_LABEL = 'feature { name: "label" type: INT int_domain { is_categorical: true } }\n'
_PAYLOAD = 'feature { name: "payload" type: BYTES }\n'
ITEM = _ID + _LABEL + _PAYLOAD
_ENDS = 'feature { name: "left" type: BYTES }\nfeature { name: "right" type: BYTES }\n'
_GRADE = 'feature { name: "grade" type: FLOAT }\n'


def _feature(name: str, value: bytes | int | float) -> bytes:
    return bytes(example({name: value}).SerializeToString())


class _Rows:
    """Serializes rows: merging messages is joining them, so each feature is a tf.Example, and equal
    ones are serialized once. One `FromString` would do the same as the joined bytes.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, Any], bytes] = {}
        self._frames: dict[tuple[str, int], bytes] = {}

    def bytes_of(self, name: str, value: bytes) -> bytes:
        """A feature of bytes: only what stands before them depends on their length alone."""
        key = (name, len(value))
        if key not in self._frames:
            whole = _feature(name, bytes(len(value)))
            self._frames[key] = _entries(whole)[: -len(value)]
        return self._frames[key] + value

    def known(self, name: str, value: int | float) -> bytes:
        """A feature of a number."""
        if (name, value) not in self._known:
            self._known[name, value] = _entries(_feature(name, value))
        return self._known[name, value]


def _entries(example: bytes) -> bytes:
    """The map entry of a tf.Example of one feature."""
    body = tf.train.Example.FromString(example).features.SerializeToString()
    return bytes(body)


def _example(*entries: bytes) -> bytes:
    body = b"".join(entries)
    size, head = len(body), bytearray(b"\x0a")
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    head.append(size)
    return bytes(head) + body


def name_of(number: int) -> bytes:
    """The id of an entity."""
    return b"%08d" % number


def digits(count: int, seed: int = 0) -> Iterator[bytes]:
    """Images of 784 bytes, four fifths of them zero: in each line a stroke of other bytes."""
    rng = np.random.default_rng(seed)
    for begin in range(0, count, 10_000):
        n = min(10_000, count - begin)
        images = np.zeros((n * PIXELS, PIXELS), dtype=np.uint8)
        start = rng.integers(0, PIXELS - _STROKE, (n * PIXELS, 1))
        stroke = rng.integers(1, 256, (n * PIXELS, _STROKE), dtype=np.uint8)
        np.put_along_axis(images, start + np.arange(_STROKE), stroke, axis=1)
        data, step = images.tobytes(), PIXELS * PIXELS
        yield from (data[at : at + step] for at in range(0, n * step, step))


def noise(count: int, size: int, seed: int = 0) -> Iterator[bytes]:
    """Payloads that cannot be compressed."""
    rng = np.random.default_rng(seed)
    for begin in range(0, count, 10_000):
        data = rng.bytes(min(10_000, count - begin) * size)
        yield from (data[at : at + size] for at in range(0, len(data), size))


def labelled(labels: Ints, payloads: Iterable[bytes]) -> Iterator[Record]:
    """Items with an id, a label and a payload."""
    rows = _Rows()
    for number, (label, payload) in enumerate(zip(labels.tolist(), payloads, strict=True)):
        yield _example(
            rows.bytes_of("id", name_of(number)),
            rows.known("label", label),
            rows.bytes_of("payload", payload),
        )


def _edges(left: Ints, right: Ints) -> Iterator[Record]:
    rows = _Rows()
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        yield _example(rows.bytes_of("left", name_of(a)), rows.bytes_of("right", name_of(b)))


def _relation(kind: str, source: dict[str, Any], sampling: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "source": source, "sampling": sampling, "seed": 1}


def _data(*entities: str, **edges: dict[str, Any]) -> dict[str, Any]:
    """A recipe's `data`, whose files are told apart by the inputs instead."""
    return {
        "entities": {name: {"schema": "none", "id": "id"} for name in entities},
        "edges": {name: {"schema": "none", "path": "none", **ends} for name, ends in edges.items()},
    }


def _triplets(labels: Ints, payloads: Iterable[bytes]) -> Case:
    source = {"type": "same_label", "feature": "label"}
    relation = _relation("triplets", source, {"triplets_per_anchor": 3})
    inputs = {"item": Input(ITEM, True, labelled(labels, payloads))}
    return Case(_data("item"), relation, inputs)


def images(rows: int) -> Case:
    """Triplets of images with ten labels."""
    return _triplets(np.arange(rows) % 10, digits(rows))


def uniform(rows: int, size: int = 64) -> Case:
    """Triplets of small items with ten labels."""
    return _triplets(np.arange(rows) % 10, noise(rows, size))


def hot_key(rows: int, size: int = 64) -> Case:
    """The same, but nine of ten items have the same label."""
    number = np.arange(rows)
    return _triplets(np.where(number % 10 > 0, 0, 1 + number // 10 % 9), noise(rows, size))


def small_keys(rows: int, size: int = 64) -> Case:
    """As many labels as `rows`, each of one item or two."""
    number = np.arange(rows + rows // 2)
    labels = number // 3 * 2 + (number % 3 > 0)
    return _triplets(labels, noise(len(labels), size))


def hub(rows: int, size: int = 64) -> Case:
    """Pairs of edges that all join one item with others, in both directions; a negative each."""
    count = rows + 1000
    end = {"entity": "item"}
    source = {"type": "edges", "edges": "edge", "symmetric": True}
    sampling = {"positives_per_anchor": "all", "negatives_per_anchor": 1}
    ends = {"left": end | {"id": "left"}, "right": end | {"id": "right"}}
    items = labelled(np.zeros(count, dtype=np.int64), noise(count, size))
    edges = _edges(np.zeros(rows, dtype=np.int64), np.arange(1, rows + 1))
    return Case(
        _data("item", edge=ends),
        _relation("pairs", source, sampling),
        {"item": Input(ITEM, True, items), "edge": Input(_ENDS, False, edges)},
    )


def one_query(rows: int, size: int = 64) -> Case:
    """A million ordered pairs, or as many as rows, of the documents of one query."""
    serialize = _Rows()
    documents = (
        _example(
            serialize.bytes_of("id", name_of(number)),
            serialize.known("grade", float(number % 5)),
            serialize.known("label", 0),
            serialize.bytes_of("payload", payload),
        )
        for number, payload in enumerate(noise(rows, size))
    )
    source = {"type": "graded_group", "group": "label", "grade": "grade"}
    sampling = {"pairs_per_group": min(rows, 10**6)}
    relation = _relation("ranked_pairs", source, sampling)
    return Case(_data("item"), relation, {"item": Input(_GRADE + ITEM, True, documents)})


def zipf(rows: int, size: int = 64) -> Case:
    """Triplets of edges from users to items whose popularity follows Zipf's law; negatives too."""
    count = rows // 10
    rng = np.random.default_rng(0)
    weight = 1 / np.arange(1, count + 1)
    right = rng.choice(count, rows, p=weight / weight.sum())
    ends = {
        "left": {"entity": "user", "id": "left"},
        "right": {"entity": "item", "id": "right"},
    }
    relation = _relation(
        "triplets",
        {"type": "edges", "edges": "edge"},
        {"triplets_per_anchor": "all", "negatives": {"draw": "popularity"}},
    )
    nothing = np.zeros(count, dtype=np.int64)
    users, items = (labelled(nothing, noise(count, size, seed)) for seed in (1, 2))
    return Case(
        _data("user", "item", edge=ends),
        relation,
        {
            "user": Input(ITEM, True, users),
            "item": Input(ITEM, True, items),
            "edge": Input(_ENDS, False, _edges(np.arange(rows) % count, right)),
        },
    )


CASES: dict[str, Callable[..., Case]] = {
    made.__name__: made for made in (images, uniform, hot_key, small_keys, hub, one_query, zipf)
}


def write(case: Case, folder: Path) -> Path:
    """Writes a case: CASE says what is asked and where its inputs are, gzip TFRecords beside it."""
    options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
    inputs = {}
    for name, found in case.inputs.items():
        place = folder / name / "Split-train" if found.split else folder / name
        place.mkdir(parents=True)
        inputs[name] = {"schema": found.schema, "files": str(place / "*.gz")}
        writers = [tf.io.TFRecordWriter(str(place / f"{n}.gz"), options) for n in range(FILES)]
        while some := list(islice(found.rows, 1000 * FILES)):
            for number, writer in enumerate(writers):
                for row in some[number * 1000 : (number + 1) * 1000]:
                    writer.write(row)
        for writer in writers:
            writer.close()
    described = json.dumps({"data": case.data, "relation": case.relation, "inputs": inputs})
    (folder / CASE).write_text(described, encoding="utf-8")
    return folder
