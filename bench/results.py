"""What a benchmark says, and the JSON file that holds it."""

import dataclasses
import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

OUT = Path(__file__).resolve().parent / "out"


class DataAbsent(Exception):
    """The data of a benchmark are not there; the message says which, and where they are sought."""


@dataclasses.dataclass(frozen=True)
class Result:
    """One figure beside that of others, measured in the same run.

    Attributes:
      name: of the file, too.
      unit: of `ours` and `peers`.
      better: which direction is better.
      ours: mean or median of our `n` values.
      peers: the same of others, by name; at least one.
      goal: bound of `ratio` (at least it where higher is better, at most it where lower is);
        None where the figure is only reported.
      spread: (largest − smallest of our values) / `ours`.
      n: number of values.
      protocol: what was trained on what, and how it was measured, in a sentence or two; in the file
        where there is one.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    ours: float
    peers: Mapping[str, float]
    goal: float | None
    spread: float
    n: int
    protocol: str = ""

    def __post_init__(self) -> None:
        numbers = [self.ours, self.spread, *self.peers.values()]
        if not all(map(math.isfinite, [*numbers, self.goal or 0.0])):
            raise ValueError(f"{self.name}: not all numbers are finite: {self}")
        if not self.name.isidentifier() or not self.peers or self.n < 1 or self.spread < 0:
            raise ValueError(f"{self.name}: not a result: {self}")

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        better: Literal["higher", "lower"],
        values: Sequence[float],
        peers: Mapping[str, Sequence[float]],
        goal: float | None,
        average: Callable[[Sequence[float]], float] = statistics.median,
        protocol: str = "",
    ) -> "Result":
        """Averages the values of each side alike."""
        ours = average(values)
        return cls(
            name=name,
            unit=unit,
            better=better,
            ours=ours,
            peers={peer: average(theirs) for peer, theirs in peers.items()},
            goal=goal,
            spread=(max(values) - min(values)) / abs(ours),
            n=len(values),
            protocol=protocol,
        )

    @property
    def ratio(self) -> float:
        """Ours over the best peer."""
        best = max if self.better == "higher" else min
        return self.ours / best(self.peers.values())

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        return self.ratio >= self.goal if self.better == "higher" else self.ratio <= self.goal

    def write(self, folder: Path = OUT) -> None:
        """Writes `<name>.json`."""
        fields = ["name", "unit", "better", "ours", "peers", "ratio", "goal", "spread", "n"]
        fields += ["protocol"] if self.protocol else []
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({field: getattr(self, field) for field in fields}, indent=1)
        (folder / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")


def table(results: Sequence[Result]) -> str:
    """The results as aligned text."""
    heading = ("benchmark", "ours", "peers", "ratio", "goal", "", "spread", "n")
    rows = [heading, *map(_row, results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(result: Result) -> tuple[str, ...]:
    sign = "≥" if result.better == "higher" else "≤"
    return (
        result.name,
        f"{result.ours:.4g} {result.unit}",
        ", ".join(f"{peer} {value:.4g}" for peer, value in result.peers.items()),
        f"{result.ratio:.3f}",
        "-" if result.goal is None else f"{sign} {result.goal:.3f}",
        {True: "met", False: "NOT MET", None: "no goal"}[result.met],
        f"{result.spread:.1%}",
        str(result.n),
    )
