"""An entity's own labels (source `labels`): their checks, and the label of its tuple."""

import numpy as np

from components.common import example_wire
from components.common.rows.row_requirements import EntitySpec
from components.common.rows.row_validation import ValidatedRows

UNKNOWN_TAG, BAD_CONFIDENCE = "unknown_label", "bad_confidence"


def check(
    spec: EntitySpec, validated: ValidatedRows, reasons: list[str], domain: tuple[str, ...]
) -> None:
    """Finds rows with a label outside of the domain, or with more or fewer confidences."""
    allowed = {tag.encode() for tag in domain}
    at, beside = spec.rows.key_index(spec.tags), spec.rows.number(spec.confidence)
    assert at is not None
    for row, (values, reason) in enumerate(zip(validated.raw[at], reasons, strict=True)):
        if reason:
            continue
        if not allowed.issuperset(values):
            reasons[row] = UNKNOWN_TAG
        elif beside is not None:
            count = int((~np.isnan(validated.numbers[beside][row])).sum())
            if count != len(values):
                reasons[row] = BAD_CONFIDENCE


def label(spec: EntitySpec, validated: ValidatedRows, row: int, domain: tuple[str, ...]) -> bytes:
    """The label of an entity with its own tags: a number in [0, 1] for each tag of the domain."""
    at, beside = spec.rows.key_index(spec.tags), spec.rows.number(spec.confidence)
    assert at is not None
    values = [0.0] * len(domain)
    number = {tag.encode(): i for i, tag in enumerate(domain)}
    shares = None if beside is None else validated.numbers[beside][row] / spec.levels
    for i, tag in enumerate(validated.raw[at][row]):
        values[number[tag]] = 1.0 if shares is None else float(shares[i])
    return example_wire.floats(values)
