"""Parts of recipes that relations share: split, bad rows, gates."""

from collections.abc import Mapping
from typing import Any

from pipeline.new import gates
from pipeline.new.choice import Choice

ITEM = "item"
"""The entity type, where there is one."""
MANY = 10_000
"""Rows from which a tenth is held out, instead of a quarter."""
BAD_ROWS = Choice(
    "skip", "Rows that cannot be used are counted by reason.", "fail stops the run at the first."
)
BASELINE = Choice(
    {"interval": True},
    "The model must beat the best answer without training on the same rows: likeness, one raw "
    "feature, a mean, nearest raw neighbours. The difference must exceed its 95 % interval.",
    "{margin: 0.05, interval: true} asks for more; false switches the gate off.",
)
GATES = "raise it to what you need (docs/evaluation.md)."


def split(
    rows: int, unit: Mapping[str, Any] | None = None, why: str = "by a hash of its id"
) -> Choice:
    """How rows are split: a quarter is held out; of many, a tenth.

    Args:
      rows: how many there are.
      unit: what stays together; by default rows of one id.
      why: completes "One of 4 rows is held out, …".
    """
    train = 9 if rows >= MANY else 3
    return Choice(
        {**(unit or {"unit": "entity"}), "train": train, "eval": 1},
        f"One of {train + 1} rows is held out, {why}.",
        "{unit: group, feature: …} keeps rows of one user or session together; {unit: time, "
        "feature: …} holds out the latest; {unit: files} where the files say it (docs/splits.md).",
    )


def held_out(count: float, shares: Choice) -> float:
    """How many of so many rows are in the split `eval`."""
    return count * shares.value["eval"] / (shares.value["train"] + shares.value["eval"])


def gate(metric: str, floor: float, guess: str, other: str = GATES) -> dict[str, Choice]:
    """A gate that no useless model passes, beside the default gates.

    Args:
      metric: its name.
      floor: the least that passes.
      guess: what a useless model has: ".5".
      other: a sentence about alternatives.
    """
    return {
        metric: Choice(
            {"min": floor, "max_drop": gates.MAX_DROP},
            f"A useless model has {guess}; with so few rows held out, luck reaches {floor:.2f} "
            "(three standard errors).",
            other,
        )
    }


def evaluation(bounds: Mapping[str, Any]) -> dict[str, Any]:
    """The section `evaluation`: bounds by metric, and the gate against the best baseline."""
    return {"gates": bounds, "baseline": BASELINE}


def head(name: str, description: str) -> dict[str, Any]:
    """The first keys of a recipe."""
    return {"name": name, "description": description}
