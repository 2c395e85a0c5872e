"""The registered tuple metrics as TFMA metrics.

One statistic, collected once a slice and model, serves all of them: the packed scores (4 bytes a
comparison, float32) and, where the relation has a label, the labels (1 byte a tuple). Merging is
concatenation; every metric is then computed from the whole and does not depend on its order, so
the value is exact however Beam bundles the data. One slice of one model must fit in a worker's
memory: 200 million comparisons in 1 GB, and several times that while they are sorted.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from trainer_module.metrics.registry import METRICS
from trainer_module.metrics.statistics import Comparisons, Related

_Accumulator: TypeAlias = tuple[bytearray, bytearray]
"""Scores as little-endian float32 in row order, and labels as bytes 0 or 1."""


class RelationMetric(metric_types.Metric):
    """A registered metric of the model's `scores` [batch, C], one score a comparison.

    NaN where the metric is undefined (see `statistics`): TFMA compares it with a bound like any
    number, hence no gate passes.
    """

    def __init__(
        self, name: str, related: Sequence[bool | None], code_fingerprint: str = ""
    ) -> None:
        """Configures the metric.

        Args:
          name: a key of `registry.METRICS`, and the name of TFMA's metric.
          related: C entries, one a column of the scores: True, False, or None where the tuple's
            label (the model spec's `label_key`, 0 or 1) says.
          code_fingerprint: changes nothing; it is part of the configuration so that a cache sees
            when the code was edited.
        """
        super().__init__(
            _computations, name=name, related=list(related), code_fingerprint=code_fingerprint
        )


def _computations(
    name: str,
    related: Sequence[bool | None],
    code_fingerprint: str = "",
    model_names: Sequence[str] | None = None,
) -> list[Any]:
    del code_fingerprint
    wanted: dict[str, Any] = {"predictions": {}, **({"labels": {}} if None in related else {})}
    computations: list[Any] = []
    for model_name in model_names or [""]:
        # Names that start with an underscore are left out of the results, and computations with
        # equal keys run once, whichever metrics ask for them.
        collected = metric_types.MetricKey("_comparisons", model_name=model_name)
        computations.append(
            metric_types.MetricComputation(
                keys=[collected],
                preprocessors=[
                    metric_types.StandardMetricInputsPreprocessor(
                        include_filter=wanted, include_default_inputs=False
                    )
                ],
                combiner=CollectComparisons(collected, tuple(related), model_name),
            )
        )
        key = metric_types.MetricKey(name, model_name=model_name)
        computations.append(
            metric_types.DerivedMetricComputation([key], _Derive(name, key, collected))
        )
    return computations


@dataclasses.dataclass(frozen=True)
class _Derive:
    """Computes a registered metric from the collected comparisons."""

    name: str
    key: Any
    collected: Any

    def __call__(self, metrics: dict[Any, Any]) -> dict[Any, float]:
        return {self.key: METRICS[self.name].compute(metrics[self.collected])}


class CollectComparisons(beam.CombineFn):
    """Collects the scores, and labels where they are needed, of the tuples of a slice."""

    def __init__(self, key: Any, related: Related, model_name: str) -> None:
        """Collects under `key` what the model of this name says."""
        self._key = key
        self._related = related
        self._model_name = model_name

    def __str__(self) -> str:
        """What is expected: of a failure TFMA shows this and the tuple, and hides the cause."""
        label = ", and its label as 0 or 1" if None in self._related else ""
        return f"tuples: expected {len(self._related)} scores of each{label}"

    def create_accumulator(self) -> _Accumulator:
        """Nothing yet."""
        return bytearray(), bytearray()

    def add_input(self, accumulator: _Accumulator, element: Any) -> _Accumulator:
        """Adds one tuple.

        Raises:
          ValueError: there is not one score a comparison, or the label is not 0 or 1.
        """
        scores, labels = accumulator
        row = np.asarray(element.get_predictions(self._model_name), dtype="<f4").ravel()
        if row.size != len(self._related):
            raise ValueError(
                f"scores: got {row.size} of a tuple; expected one a comparison, "
                f"{len(self._related)}"
            )
        scores += row.tobytes()
        if None in self._related:
            labels.append(_label(element.get_labels(self._model_name)))
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[_Accumulator]) -> _Accumulator:
        """Concatenates; the order does not matter to any metric."""
        scores, labels = self.create_accumulator()
        for other_scores, other_labels in accumulators:
            scores += other_scores
            labels += other_labels
        return scores, labels

    def extract_output(self, accumulator: _Accumulator) -> dict[Any, Comparisons]:
        """The comparisons, for the metrics that are derived from them."""
        scores, labels = accumulator
        rows = np.frombuffer(bytes(scores), dtype="<f4").reshape(-1, len(self._related))
        known = np.frombuffer(bytes(labels), dtype=bool) if None in self._related else None
        return {self._key: Comparisons(rows, self._related, known)}


def _label(value: Any) -> int:
    found = [] if value is None else np.asarray(value, dtype=float).ravel().tolist()
    if found not in ([0.0], [1.0]):
        raise ValueError(f"label of a tuple: got {found}; expected one value, 0 or 1")
    return int(found[0])
