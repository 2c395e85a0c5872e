"""A proposal for rows that have several labels each: tags."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipeline.new import gates, models
from pipeline.new.choice import Choice, Proposal
from pipeline.new.entities import entities
from pipeline.new.relations.parts import BAD_ROWS, ITEM, evaluation, gate, held_out, split
from pipeline.new.rows import doubts
from pipeline.new.rows.kinds import Kind
from pipeline.new.rows.table import Entry, Table
from relation.core.errors import DataError
from relation.files.feature_values import Value

MOST_TAGS = 1000
RARE = 10
"""Rows that a tag needs so that some of them are held out."""


def propose(name: str, table: Table, label: str, guessed: str = "") -> Proposal:
    """Propose one output a tag.

    Args:
      name: the recipe's name.
      table: the rows.
      label: the column with the tags: a list a row.
      guessed: why this column is taken for the label; "" if the user named it.

    Raises:
      DataError: there are fewer than two tags or too many, one is not text, or no column is left.
    """
    column = table.columns[label]
    counts = Counter(column.values)
    domain = _domain(label, counts)
    rows = entities(table, [label], ("example",), domains={label: domain})
    features = [one for one in rows.features if one.name != label]
    if not features:
        raise DataError(f"DATA: {table.path}: no column beside {label!r} says anything about a row")
    shares = split(table.rows)
    count = held_out(table.rows, shares)
    floor = gates.mean_floor(frequency_lrap(column.entries, counts), count)
    numbers = models.numbers(features)
    doubtful = [
        *doubts.of_rows(table),
        *([guessed] if guessed else []),
        *doubts.same_but_for_writing(counts),
        *_rare(label, counts),
        *([] if table.whole else [f"{label!r}: a tag that is not in the schema stops the run"]),
        *doubts.of_equal_rows(features, column),
        *doubts.of_keys(features, label),
    ]
    recipe = {
        "name": name,
        "description": f"Which of {len(domain)} {label} each row has.",
        "data": {
            "entities": {ITEM: rows.keys(f"{name}.pbtxt")},
            "split": shares,
            "bad_rows": BAD_ROWS,
        },
        "relation": {
            "type": Choice(
                "tags",
                f"Rows have several values of {label!r}: each is to be present or not.",
                "triplets with the source same_label: rows that share a value are near each other.",
            ),
            "source": Choice(
                {"type": "labels", "feature": label},
                f"{len(domain)} tags, which the schema lists in the order of the outputs.",
                "confidence, a column of one number in [0, 1] for each tag.",
            ),
            "seed": 1,
        },
        "model": {
            **({"numbers": numbers} if numbers else {}),
            "tower": models.tower(features, normalize=False),
            "head": Choice({"type": "tag", "dense": []}, "One logit a tag.", "dense: [64]."),
            "loss": Choice(
                {"type": "tag_cross_entropy"},
                "Tags that are there or not.",
                "weighted_tag_cross_entropy and focal, where rare tags matter as much.",
            ),
        },
        "training": models.training(table.rows, any(one.kind is Kind.IMAGE for one in features)),
        "evaluation": evaluation(gate("lrap", floor, "the order of frequency")),
    }
    return Proposal(recipe, {f"{name}.pbtxt": rows.plan}, tuple(doubtful))


def frequency_lrap(entries: Sequence[Entry], counts: Counter[Value]) -> list[float]:
    """Label ranking average precision of tags in the order of their frequency, for each row.

    >>> frequency_lrap([(b"a",), (b"b",), (b"a", b"b")], Counter([b"a", b"a", b"a", b"b", b"b"]))
    [1.0, 0.5, 1.0]
    """
    rank = {tag: place for place, (tag, _) in enumerate(counts.most_common(), start=1)}
    values = []
    for entry in entries:
        ranks = np.sort([rank[tag] for tag in set(entry)])
        if len(ranks):
            values.append(float(np.mean(np.arange(1, len(ranks) + 1) / ranks)))
    return values


def _domain(label: str, counts: Counter[Value]) -> tuple[str, ...]:
    if any(isinstance(value, float) for value in counts):
        raise DataError(f"LABEL: {label!r} holds numbers with fractions; expected tags")
    if not 2 <= len(counts) <= MOST_TAGS:
        raise DataError(
            f"LABEL: {label!r} has {len(counts):,} different tags; expected 2 to {MOST_TAGS:,}"
        )
    if all(isinstance(value, int) for value in counts):
        return tuple(map(str, sorted(counts)))
    try:
        return tuple(sorted(value.decode() for value in counts if isinstance(value, bytes)))
    except UnicodeDecodeError:
        raise DataError(f"LABEL: {label!r} has a tag that is not UTF-8; expected text") from None


def _rare(label: str, counts: Counter[Value]) -> list[str]:
    rare = [tag for tag, count in counts.items() if count < RARE]
    if not rare:
        return []
    return [
        f"{len(rare):,} of {len(counts):,} values of {label!r} occur in fewer than {RARE} rows: "
        "too few to learn and to measure"
    ]
