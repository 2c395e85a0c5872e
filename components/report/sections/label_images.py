"""Tuples with images as labels: input, label and prediction."""

import numpy as np

from components.report.collect.evidence import Evidence
from components.report.render import figures, thumbnails
from components.report.render.cards import Cards
from components.report.render.page import Block, Card, Figures, Section, Sheet, Strip
from components.report.text import number

SHOWN, OTHERS = 9, 6


def label_images(evidence: Evidence, cards: Cards) -> Section | None:
    """Show input, label and prediction of the worst tuples, and of some others."""
    if evidence.scores is None or evidence.image_shape is None:
        return None
    tuples, source = evidence.sample.tuples, evidence.relation.roles[0].name
    pixels = np.clip(evidence.scores, 0, 1).reshape(len(tuples), 2, *evidence.image_shape)
    predicted, true = pixels[:, 0], pixels[:, 1]
    errors = ((predicted - true) ** 2).mean(axis=(1, 2, 3))
    order = np.argsort(-errors, kind="stable").tolist()  # NaN comes first.

    def strip(n: int) -> Strip:
        label = Card("", thumbnails.of_pixels(true[n]), role="label")
        prediction = Card("", thumbnails.of_pixels(predicted[n]), role="prediction")
        note = f"mean squared error {number(float(errors[n]))}"
        return Strip(cards.card(tuples[n].members[source], role="input"), (label, prediction), note)

    rest = order[SHOWN:]
    others = rest[:: max(1, len(rest) // OTHERS)][:OTHERS]
    blocks: list[Block] = [Sheet("Worst first", tuple(map(strip, order[:SHOWN])))]
    if others:
        blocks.append(Sheet("Others, from bad to good", tuple(map(strip, others))))
    finite = errors[np.isfinite(errors)]
    if len(finite):
        title = "Mean squared error by image"
        blocks.insert(0, Figures((figures.histogram(finite, title, "error", "errors"),)))
    lead = (
        f"{len(tuples):,} {evidence.rows} images: input, label and the model's answer. Pixels are "
        f"from 0 to 1; mean squared error {number(float(errors.mean()))}."
    )
    return Section("pictures", "Images and their labels", lead, tuple(blocks))
