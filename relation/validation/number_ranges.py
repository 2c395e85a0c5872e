"""The range of each number that rows may hold, by the part that its column plays.

Every number that sampling, a loss or a metric reads of a row has its range here, whatever the
source. A row with a number outside of it is bad, and its reason names the bound.

| part | range | because |
|---|---|---|
| grade of a list | 0 to 31 | -1 stands for a document that is not there; gains are 2^grade - 1 |
| grade of ranked pairs | ±1e19 | the label is a difference of two, in float32 |
| weight | 0 to 1e12 | a mean by negative weights has no meaning; float32 adds weighted losses |
| popularity | 0 or more | it is raised to a power, and is a share of a sum |
| probability of a listed negative | above 0, up to 1 | losses take its logarithm |
| confidence of a tag | 0 to 1, or whole to `levels` | a probability, or a grade over `levels` |
| binary label | 0 or 1 | |
| scalar or vector label | ±1e15 | float32 adds the squared errors of a batch |
"""

from collections.abc import Iterator

from relation.compiled import CompiledRelation, NumberRange
from relation.spec import LabelKind

MAX_GRADE = 31
"""XGBoost's bound for gains of 2^grade - 1. Those of 1,000 documents add up exactly in float64,
and far below the greatest float32 (2^128); a gradient through them is finite."""
MAX_LABEL = 1e15
"""Squared, 10^8 of them add up to a finite float32."""

GRADE = NumberRange(
    least=0, most=MAX_GRADE, below="negative_grade", above=f"grade_above_{MAX_GRADE}"
)
GRADE_OF_PAIRS = NumberRange(
    least=-1e19, most=1e19, below="grade_below_-1e19", above="grade_above_1e19"
)
WEIGHT = NumberRange(least=0, most=1e12, below="negative_weight", above="weight_above_1e12")
POPULARITY = NumberRange(least=0, below="negative_popularity")
_PROBABILITY = "probability_not_in_0_1"
PROBABILITY = NumberRange(least=2.0**-149, most=1, below=_PROBABILITY, above=_PROBABILITY)
"""From the least float32 above 0 on."""
_BINARY = "value_not_0_or_1"
BINARY = NumberRange(least=0, most=1, below=_BINARY, above=_BINARY, fractional=_BINARY)
LABEL = NumberRange(
    least=-MAX_LABEL, most=MAX_LABEL, below="value_below_-1e15", above="value_above_1e15"
)
_CONFIDENCE = "bad_confidence"


def confidence(levels: int) -> NumberRange:
    """The range of the number beside a tag: [0, 1], or grades up to `levels` if that is above 1."""
    fractional = _CONFIDENCE if levels > 1 else None
    return NumberRange(
        least=0, most=levels, below=_CONFIDENCE, above=_CONFIDENCE, fractional=fractional
    )


_OF_LABELS = {LabelKind.BINARY: BINARY, LabelKind.SCALAR: LABEL, LabelKind.VECTOR: LABEL}


def with_ranges(compiled: CompiledRelation) -> CompiledRelation:
    """The relation, each of whose number columns also has the ranges of the parts it plays."""
    ranges: dict[tuple[str, str | None], list[NumberRange]] = {}
    for table, column, number_range in _parts(compiled):
        ranges.setdefault((table, column), []).append(number_range)
    rows = {
        table: required.model_copy(
            update={
                "numbers": tuple(
                    number.model_copy(
                        update={"ranges": (*number.ranges, *ranges.get((table, number.name), ()))}
                    )
                    for number in required.numbers
                )
            }
        )
        for table, required in compiled.rows.items()
    }
    return compiled.model_copy(update={"rows": rows})


def _parts(compiled: CompiledRelation) -> Iterator[tuple[str, str | None, NumberRange]]:
    """Table, column and range of each part that a column of numbers plays; None: of no column."""
    sampling, paired = compiled.sampling, compiled.sampling.form == "pairs"
    yield compiled.anchor, compiled.grade_by, GRADE_OF_PAIRS if paired else GRADE
    yield compiled.anchor, sampling.weight, WEIGHT
    if sampling.negative_sampler is not None:
        yield compiled.candidate, sampling.negative_sampler.feature, POPULARITY
    if (edges := compiled.edge_table) is not None:
        yield edges.name, edges.weight, WEIGHT
        # Where the value is no label, it is compared with a threshold alone.
        if (paired or edges.label is LabelKind.BINARY) and edges.label in _OF_LABELS:
            yield edges.name, edges.value, _OF_LABELS[edges.label]
    if (tuples := compiled.tuple_table) is not None and compiled.label.kind in _OF_LABELS:
        yield tuples.name, tuples.label, _OF_LABELS[compiled.label.kind]
    if (listed := compiled.negatives_table) is not None:
        yield listed.name, listed.probability, PROBABILITY
    for table, required in compiled.rows.items():
        yield table, required.confidence, confidence(required.levels)
