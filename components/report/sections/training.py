"""The course of the training."""

import numpy as np

from components.report import figures
from components.report.cards import Cards
from components.report.evidence import Evidence
from components.report.page import Figure, Figures, Section
from components.report.text import number, words

LOSS, VALIDATION = "loss", "val_loss"


def training(evidence: Evidence, _: Cards) -> Section | None:
    """A drawing of each series with its validation; the loss first."""
    history = {
        name: [float(v) for v in values]
        for name, values in evidence.history.items()
        if len(values) and np.isfinite(np.asarray(values, dtype=float)).all()
    }
    if not history:
        return None
    validated = history.get(VALIDATION)
    best = int(np.argmin(validated)) + 1 if validated else None
    plain = sorted(
        {name.removeprefix("val_") for name in history}, key=lambda name: (name != LOSS, name)
    )
    drawn: list[Figure] = []
    for place, name in enumerate(plain):
        series = {n: history[n] for n in (name, f"val_{name}") if n in history}
        title = words(name).capitalize()
        drawn.append(figures.epochs(series, title, f"epochs-{place}", best))
    lead = f"{max(map(len, history.values()))} epochs"
    if validated and best:
        lead += f"; the weights of epoch {best} were kept, with the lowest validation loss, "
        lead += f"{number(validated[best - 1])}"
    return Section("training", "Training", f"{lead}.", (Figures(tuple(drawn)),))
