"""What each index shard tells the layout, and what the layout tells every step: side inputs of the
pipeline, with the coders that encode them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from components.common.hashing import I64
from components.common.shuffle_store import from_bytes, to_bytes
from components.relation_gen.sampling.base import Candidates
from components.relation_gen.sampling.label_sets import LabelSets, LabelSetTable
from components.relation_gen.sampling.ranges import Union


@dataclass(frozen=True)
class ShardTotal:
    """Counters of one index shard of one split.

    `total_weight`: sum over all entities. `top_weights`: weight and weight offset of the heaviest.
    `groups`: labels, or queries. `related`: rows that share their label with another. `label`: one
    of the labels, for messages. `expected`: estimated number of tuples. `label_sets`: the
    groups, with positions and weight offsets from the shard's begin; empty where groups are not
    related to each other. `weighing`: rows (or edges) whose weight as a tuple is above 0.
    """

    split: str
    shard: int
    rows: int
    total_weight: int
    top_weights: tuple[tuple[int, int], ...]
    groups: int
    related: int
    label: str
    expected: int
    label_sets: LabelSets
    weighing: int = 0


@dataclass(frozen=True)
class Layout:
    """Offsets of the index shards of each split, and the number of output files.

    `position_offsets`: where each shard begins in the index, and the number of entities, int64
    [shards + 1]. `weight_offsets`: likewise on the cumulative-weight axis. `candidates`, `tables`:
    what negatives are drawn from, by split. `output_shards`: files of each split that is written.
    """

    position_offsets: Mapping[str, I64]
    weight_offsets: Mapping[str, I64]
    candidates: Mapping[str, Candidates]
    tables: Mapping[str, LabelSetTable | None]
    output_shards: Mapping[str, int]


class ShardTotalCoder(beam.coders.Coder):
    """Encodes a `ShardTotal`: its label sets as Arrow, the rest as JSON in their metadata."""

    _KEY = b"total"

    def encode(self, value: ShardTotal) -> bytes:
        numbers = {name: held for name, held in vars(value).items() if name != "label_sets"}
        batch = value.label_sets.to_arrow()
        return to_bytes(batch.replace_schema_metadata({self._KEY: json.dumps(numbers)}))

    def decode(self, encoded: bytes) -> ShardTotal:
        batch = from_bytes(encoded)
        numbers = json.loads(batch.schema.metadata[self._KEY])
        top_weights = tuple(map(tuple, numbers.pop("top_weights")))
        return ShardTotal(
            **numbers, top_weights=top_weights, label_sets=LabelSets.from_arrow(batch)
        )

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> Any:
        return ShardTotal


beam.coders.registry.register_coder(ShardTotal, ShardTotalCoder)

_INTS = pa.large_list(pa.int64())
_UNION = ("start", "end", "bounds")
_LAYOUT = pa.schema(
    [
        ("name", pa.string()),
        ("output_shards", pa.int64()),
        ("position_offsets", _INTS),
        ("weight_offsets", _INTS),
        ("rows", pa.int64()),
        ("total_weight", pa.int64()),
        ("top_weights", _INTS),
        ("group", pa.large_list(pa.uint64())),
        *((f"{ranges}_{part}", _INTS) for ranges in ("related", "allowed") for part in _UNION),
    ]
)


class LayoutCoder(beam.coders.Coder):
    """Encodes a `Layout` as Arrow: a row for each split that is written."""

    def encode(self, value: Layout) -> bytes:
        rows = [_row(value, name) for name in value.output_shards]
        return to_bytes(pa.RecordBatch.from_pylist(rows, schema=_LAYOUT))

    def decode(self, encoded: bytes) -> Layout:
        layout = Layout({}, {}, {}, {}, {})
        batch = from_bytes(encoded)
        for number in range(batch.num_rows):
            _add(layout, {name: batch.column(name)[number] for name in batch.schema.names})
        return layout

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> Any:
        return Layout


beam.coders.registry.register_coder(Layout, LayoutCoder)


def _row(layout: Layout, name: str) -> dict[str, Any]:
    """A row of `_LAYOUT`; what is left out is null."""
    row: dict[str, Any] = {"name": name, "output_shards": layout.output_shards[name]}
    if name in layout.candidates:
        rows, total_weight, top_weights = layout.candidates[name]
        row |= {
            "position_offsets": layout.position_offsets[name],
            "weight_offsets": layout.weight_offsets[name],
            "rows": rows,
            "total_weight": total_weight,
            "top_weights": np.array(top_weights, dtype=np.int64).reshape(-1),
        }
    table = layout.tables.get(name)
    if table is not None:
        row["group"] = table.group
        for ranges in ("related", "allowed"):
            union = getattr(table, ranges)
            row |= {f"{ranges}_{part}": getattr(union, part) for part in _UNION}
    return row


def _add(layout: Any, row: Mapping[str, Any]) -> None:
    """Adds a row of `_LAYOUT` to the mappings of a layout."""

    def array(column: str) -> Any:
        return row[column].values.to_numpy()

    name = row["name"].as_py()
    layout.output_shards[name] = row["output_shards"].as_py()
    if row["rows"].is_valid:
        layout.position_offsets[name] = array("position_offsets")
        layout.weight_offsets[name] = array("weight_offsets")
        layout.candidates[name] = Candidates(
            row["rows"].as_py(),
            row["total_weight"].as_py(),
            tuple(map(tuple, array("top_weights").reshape(-1, 2).tolist())),
        )
        layout.tables[name] = None
    if row["group"].is_valid:
        related, allowed = (
            Union(*(array(f"{ranges}_{part}") for part in _UNION))
            for ranges in ("related", "allowed")
        )
        layout.tables[name] = LabelSetTable(array("group"), related, allowed)
