"""A proposal for rows (documents) that are graded for a query: lists."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.new import gates, models
from pipeline.new.choice import Choice, Proposal
from pipeline.new.entities import entities
from pipeline.new.relations.parts import BAD_ROWS, evaluation, gate, held_out, split
from pipeline.new.rows import doubts
from pipeline.new.rows.kinds import profile
from pipeline.new.rows.table import Table
from relation.core.errors import DataError
from relation.files.feature_values import Value

DOCUMENT = "document"
LENGTHS = (4, 32)
MOST_COLUMNS = 2000
"""Features of all rows of a list together: statistics of tuples take time with each."""
HIGHEST_GRADE = 31
TOP = 5
_DRAWS = 20


def propose(name: str, table: Table, group: str, grade: str, guessed: str = "") -> Proposal:
    """Propose to order the rows of a group by their grade.

    Args:
      name: the recipe's name.
      table: the rows.
      group: the column that names the query of a row.
      grade: the column with its grade.
      guessed: why these columns are taken; "" if the user named them.

    Raises:
      DataError: grades are out of range, no group has two grades, or no column is left.
    """
    grades = by_group(table, group, grade)
    rows = entities(table, [group, grade], (f"{DOCUMENT}_0",))
    features = [one for one in rows.features if one.name not in (group, grade)]
    if not features:
        raise DataError(
            f"DATA: {table.path}: no column beside {group!r} and {grade!r} says anything of a row"
        )
    longest = max(map(len, grades))
    fit = max(LENGTHS[0], MOST_COLUMNS // len(features))
    length = min(max(longest, LENGTHS[0]), LENGTHS[1], fit)
    shares = split(
        table.rows, {"unit": "group", "feature": group}, f"all of one {group} together, by a hash"
    )
    floor = gates.mean_floor(random_ndcg(grades), held_out(len(grades), shares))
    numbers = models.numbers(features)
    doubtful = [
        *doubts.of_rows(table),
        *([guessed] if guessed else []),
        *_same_grades(group, grades),
        *_leaks(table, grade),
    ]
    recipe = {
        "name": name,
        "description": f"The rows of each {group} in the order of their {grade}.",
        "data": {
            "entities": {DOCUMENT: rows.keys(f"{name}.pbtxt")},
            "split": shares,
            "bad_rows": BAD_ROWS,
        },
        "relation": {
            "type": Choice(
                "lists",
                f"All rows of a {group} in one list: the top of it matters most.",
                "ranked_pairs, two rows at a time; a second entity type with features of the query "
                "(docs/relations.md).",
            ),
            "source": Choice(
                {"type": "graded_group", "group": group, "grade": grade},
                f"{len(grades):,} groups of up to {longest:,} rows; a higher {grade!r} is better.",
            ),
            "sampling": Choice(
                {"length": length},
                f"At most {length} rows a list; of more the seed chooses. A longer list has more "
                "columns, which take time.",
            ),
            "seed": 1,
        },
        "model": {
            **({"numbers": numbers} if numbers else {}),
            "tower": models.tower(features, normalize=False),
            "head": Choice({"type": "scorer"}, "One score a row, since the query has no columns."),
            "loss": Choice(
                {"type": "lambda_loss"}, "Makes NDCG large.", "listnet, approx_ndcg, listmle."
            ),
        },
        "training": Choice(
            {"epochs": 30, "batch_size": 16, "learning_rate": 0.001, "patience": 5, "seed": 1},
            f"A batch has 16 of {len(grades):,} lists.",
            "learning_rate, batch_size and more under `tuning` (docs/training.md).",
        ),
        "evaluation": evaluation(gate(f"ndcg_at_{TOP}", floor, "that of a random order")),
    }
    return Proposal(recipe, {f"{name}.pbtxt": rows.plan}, tuple(doubtful))


def by_group(table: Table, group: str, grade: str) -> list[list[float]]:
    """The grades of each group.

    Raises:
      DataError: a grade is not in 0 to 31, or no group has rows of two grades.
    """
    grouped: dict[Value, list[float]] = defaultdict(list)
    for key, value in zip(*(column.entries for column in table.only([group, grade])), strict=True):
        if not key or not value:
            continue
        if isinstance(value[0], bytes) or not 0 <= value[0] <= HIGHEST_GRADE:
            raise DataError(
                f"LABEL: {grade!r} has the value {value[0]!r}; expected grades from 0 to "
                f"{HIGHEST_GRADE}"
            )
        grouped[key[0]].append(float(value[0]))
    grades = list(grouped.values())
    if not any(len(set(one)) > 1 for one in grades):
        raise DataError(
            f"LABEL: no {group!r} has rows of different {grade!r}, so there is no order to learn"
        )
    return grades


def random_ndcg(grades: Sequence[Sequence[float]]) -> list[float]:
    """NDCG of the first five places of random orders, for each group with a grade above 0."""
    random = np.random.default_rng(1)
    values = []
    for one in grades:
        gains = np.exp2(np.asarray(one)) - 1
        if not gains.any():
            continue
        drawn = [_dcg(random.permutation(gains)) for _ in range(_DRAWS)]
        values.append(float(np.mean(drawn) / _dcg(np.sort(gains)[::-1])))
    return values


def _dcg(gains: npt.NDArray[np.float64]) -> float:
    top = gains[:TOP]
    return float((top / np.log2(np.arange(2, len(top) + 2))).sum())


def _same_grades(group: str, grades: Sequence[Sequence[float]]) -> list[str]:
    same = sum(len(set(one)) == 1 for one in grades)
    if not same:
        return []
    return [f"{same:,} of {len(grades):,} groups of {group!r} have one grade: they teach no order"]


def _leaks(table: Table, grade: str) -> list[str]:
    """Columns from which the grade follows."""
    label = table.columns[grade]
    profiles = [profile(column) for column in table.columns.values() if column is not label]
    reasons = doubts.giving_away(profiles, label)
    return [f"{why}: does it give the answer away?" for why in reasons.values()]
