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
METRIC, KEPT = "metric", "kept_epoch"
Series = Mapping[str, Sequence[float]]


def training_curves(evidence: Evidence, _: Cards) -> Section | None:
    """Draw each series with its validation series, and each series by entity type."""
    history = evidence.history
    curves = list(_curves(history))
    if not curves:
        return None
    validated: Any = history.get(VALIDATION)
    kept: int | None = history.get(KEPT)
    lead = f"{max(len(values) for _, series in curves for values in series.values())} epochs"
    if kept is not None and _usable(validated):
        lead += f"; the weights of epoch {kept} were kept, {_why(history, kept)}"
    shown = (
        figures.epochs(series, title, f"epochs-{n}", kept)
        for n, (title, series) in enumerate(curves)
    )
    return Section("training", "Training", f"{lead}.", (Figures(tuple(shown)),))


def _why(history: Mapping[str, Any], kept: int) -> str:
    """Say why an epoch was kept, from 1."""
    loss = number(history[VALIDATION][kept - 1])
    if (metric := chosen_by(history)) is not None:
        best = "highest" if history["better"] == "higher" else "lowest"
        value = number(history[METRIC][kept - 1])
        return f"with the {best} {metric} of validation, {value} (its validation loss is {loss})"
    if history.get("keep") == "last":
        return f"the last, with a validation loss of {loss}"
    return f"with the lowest validation loss, {loss}"


def chosen_by(history: Mapping[str, Any]) -> str | None:
    """Return the name of the metric that chose the epoch; None if the loss did, or nothing."""
    keep = history.get("keep")
    return metric_name(keep["best"].replace(".", "_")) if isinstance(keep, Mapping) else None


def _curves(history: Mapping[str, Any]) -> Iterator[tuple[str, Series]]:
    """Yield the title and the series of each figure; the loss comes first, then the metric."""
    chosen = chosen_by(history)
    names = {name.removeprefix("val_") for name, values in history.items() if _usable(values)}
    names.discard(METRIC)
    for name in sorted(names, key=lambda name: (name != LOSS, name)):
        series = {n: history[n] for n in (name, f"val_{name}") if _usable(history.get(n))}
        yield _title(name), series
        if name == LOSS and chosen is not None and _usable(history.get(METRIC)):
            yield f"{chosen} of validation", {VALIDATION: history[METRIC]}
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
