"""A proposal for rows that are related where they share a label: triplets."""

from collections import Counter
from collections.abc import Sequence

from pipeline.new import gates, models
from pipeline.new.choice import Choice, Proposal, Tree
from pipeline.new.entities import Entities, entities
from pipeline.new.relations.parts import BAD_ROWS, ITEM, evaluation, gate, held_out, split
from pipeline.new.rows import doubts
from pipeline.new.rows.kinds import Kind, Profile
from pipeline.new.rows.table import Table
from relation.core.errors import DataError

ROLES = ("anchor", "positive", "negative")
MOST_SLICES = 10
NEIGHBOURS = (
    "raise it to what you need; corpus: {gates: {map_at_r: …}} for neighbours (docs/evaluation.md)."
)


def propose(name: str, table: Table, label: str, guessed: str = "") -> Proposal:
    """Propose triplets of rows: anchor, one of its label, one of another.

    Args:
      name: the recipe's name.
      table: the rows.
      label: the column with the label.
      guessed: why this column is taken for the label; "" if the user named it.

    Raises:
      DataError: the label has one value only, or numbers, or no value occurs twice.
    """
    column = table.columns[label]
    _check(table, label)
    leaks = (
        {}
        if table.file_format == "image_folder"
        else doubts.giving_away(entities(table, [label]).features, column)
    )
    copies = {one: f"{why}: it would give the answer away" for one, why in leaks.items()}
    keys = [label]
    if table.file_format == "image_folder":  # Its reader gives them, and splits may name them.
        keys = [one for one in table.columns if one not in ("id", "image")]
    rows = entities(table, keys, ROLES, copies)
    features = [one for one in rows.features if one.name != label]
    if not features:
        raise DataError(
            f"DATA: {table.path}: no column beside {label!r} says anything about a row: "
            + "; ".join(f"{one!r}: {why}" for one, why in rows.plan.left_out.items())
        )
    if table.file_format == "image_folder":
        features = [one for one in features if one.kind is Kind.IMAGE]
    doubtful = [
        *doubts.of_rows(table),
        *([guessed] if guessed else []),
        *doubts.of_label(column),
        *(f"{why}; it is left out, since it would give the answer away" for why in leaks.values()),
        *doubts.of_equal_rows(features, column),
        *doubts.of_keys(features, label),
    ]
    recipe = _recipe(name, table, label, rows, features)
    return Proposal(recipe, {f"{name}.pbtxt": rows.plan}, tuple(doubtful))


def _check(table: Table, label: str) -> None:
    column = table.columns[label]
    counts = Counter(column.values)
    if column.dtype == "float":
        raise DataError(
            f"LABEL: {label!r} holds numbers with fractions ({len(counts):,} different); expected "
            "a column whose values rows share, such as a class: put the numbers into bins"
        )
    if len(counts) < 2:
        raise DataError(
            f"LABEL: {label!r} has {len(counts)} value in {table.rows:,} rows; expected two or more"
        )
    if max(counts.values()) < 2:
        raise DataError(
            f"LABEL: no value of {label!r} occurs twice in {table.rows:,} rows; expected a column "
            "whose values rows share"
        )


def _recipe(
    name: str, table: Table, label: str, rows: Entities, features: Sequence[Profile]
) -> Tree:
    shared = split(table.rows)
    counts = Counter(table.columns[label].values)
    usable = sum(count for count in counts.values() if count > 1)
    train = usable - held_out(usable, shared)
    each = models.per_anchor(train)
    numbers = models.numbers(features)
    image = any(one.kind is Kind.IMAGE for one in features)
    floor = gates.auc_floor(held_out(usable, shared), held_out(usable, shared))
    evaluated = evaluation(gate("auc", floor, ".5", NEIGHBOURS))
    if len(counts) <= MOST_SLICES:
        evaluated["slices"] = Choice(
            [label], f"Metrics of each of the {len(counts)} labels; each must reach .5."
        )
    return {
        "name": name,
        "description": f"Rows of one {label} are nearer to each other than to others.",
        "data": {
            "entities": {ITEM: rows.keys(f"{name}.pbtxt")},
            "split": shared,
            "bad_rows": BAD_ROWS,
        },
        "relation": {
            "type": Choice(
                "triplets",
                "Anchor, a row of its label, a row of another: a space in which like is near like, "
                "for new labels too.",
                "pairs (with the loss contrastive) give distances a scale; ntuples compare with "
                "several negatives at once; tags, with the source labels, only name the label.",
            ),
            "source": Choice(
                {"type": "same_label", "feature": label},
                f"{len(counts):,} different values of {label!r}; rows that share one are related.",
            ),
            "sampling": Choice(
                {"triplets_per_anchor": each},
                f"{each} triplets for each of about {train:,.0f} training rows.",
                "balance: 100 sees rare labels as often as frequent ones (docs/relations.md).",
            ),
            "seed": 1,
        },
        "model": {
            **_named_features(table, rows, features, label),
            **({"numbers": numbers} if numbers else {}),
            "tower": models.tower(features),
            "head": Choice(
                {"type": "squared_distance"},
                "Distances of embeddings, which neighbours can be looked up by.",
                "cosine, distance (docs/reference/heads-and-losses.md).",
            ),
            "loss": Choice(
                {"type": "triplet", "margin": 1.0},
                "Positives shall be nearer than negatives by a margin.",
                "soft_triplet; with mining: {type: batch_all, mean: all} all triplets of a batch.",
            ),
        },
        "training": models.training(train * each, image),
        "evaluation": evaluated,
    }


def _named_features(
    table: Table, rows: Entities, features: Sequence[Profile], label: str
) -> dict[str, Choice]:
    """The features by name, where the schema has more: the folders that images lie in."""
    if table.file_format != "image_folder" or len(rows.features) == len(features) + 1:
        return {}
    others = [one.name for one in rows.features if one not in features and one.name != label]
    return {
        "features": Choice(
            [one.name for one in features],
            f"{', '.join(others)} say where an image lies, which could give the label away.",
        )
    }
