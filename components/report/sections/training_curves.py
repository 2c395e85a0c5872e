"""Curves of the training."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from components.report.collect.evidence import Evidence
from components.report.render import figures
from components.report.render.cards import Cards
from components.report.render.page import Figures, Section
from components.report.text import metric_name, number

LOSS, VALIDATION = "loss", "val_loss"
Series = Mapping[str, Sequence[float]]


def training_curves(evidence: Evidence, _: Cards) -> Section | None:
    """Draw each series with its validation series, and each series by entity type."""
    history = evidence.history
    curves = list(_curves(history))
    if not curves:
        return None
    validated: Any = history.get(VALIDATION)
    kept = _kept_epoch(history) if _usable(validated) else None
    lead = f"{max(len(values) for _, series in curves for values in series.values())} epochs"
    if kept is not None:
        last = history.get("keep") == "last"
        why = "the last, with a validation loss of" if last else "with the lowest validation loss,"
        lead += f"; the weights of epoch {kept} were kept, {why} {number(validated[kept - 1])}"
    shown = (
        figures.epochs(series, title, f"epochs-{n}", kept)
        for n, (title, series) in enumerate(curves)
    )
    return Section("training", "Training", f"{lead}.", (Figures(tuple(shown)),))


def _kept_epoch(history: Mapping[str, Any]) -> int:
    """Return the epoch whose weights were kept, from 1."""
    validated = history[VALIDATION]
    return len(validated) if history.get("keep") == "last" else int(np.argmin(validated)) + 1


def _curves(history: Mapping[str, Any]) -> Iterator[tuple[str, Series]]:
    """Yield the title and the series of each figure; the loss comes first."""
    names = {name.removeprefix("val_") for name, values in history.items() if _usable(values)}
    for name in sorted(names, key=lambda name: (name != LOSS, name)):
        series = {n: history[n] for n in (name, f"val_{name}") if _usable(history.get(n))}
        yield _title(name), series
    for name, value in history.items():
        if isinstance(value, Mapping):
            by_type = {entity: values for entity, values in value.items() if _usable(values)}
            if by_type:
                yield f"{_title(name)} of embeddings", by_type


def _title(name: str) -> str:
    title = metric_name(name)
    return title[:1].upper() + title[1:]


def _usable(values: Any) -> bool:
    """Whether values are a series of finite numbers."""
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        return False
    return bool(np.isfinite(np.asarray(values, dtype=float)).all())
