"""The registered tuple metrics as TFMA metrics.

One statistic, collected once for each slice and model, serves all of them: the packed columns,
labels and weights, 4 bytes for each number (float32). Merging concatenates; the result is sorted,
and every metric is computed from it, so values are exact however Beam bundles the data. One slice
of one model must fit in a worker's memory: 100 million pairs with their labels in 1 GB, and several
times that while they are sorted.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from relation.spec import LabelKind
from trainer_module.metrics.at_threshold import table_at
from trainer_module.metrics.collected import (
    Form,
    Packed,
    Tuples,
    expected_label,
    pack,
    packing,
    unpack,
)
from trainer_module.metrics.jackknife import interval
from trainer_module.metrics.registry import metric_of


class RelationMetric(metric_types.Metric):
    """A registered metric of the model's `scores` [batch, C].

    NaN where the metric is undefined (see `statistics`); TFMA compares NaN with a bound like any
    number, so no gate passes.
    """

    def __init__(
        self,
        name: str,
        label: str,
        related: Sequence[bool | None],
        width: int,
        image: Sequence[int] | None = None,
        ids: Sequence[str] = (),
        undefined: str = "",
        at: float | None = None,
        code_fingerprint: str = "",
    ) -> None:
        """Configures the metric.

        Args:
          name: of the registered metric, and of TFMA's.
          label: with `related`, `width` and `image` the form of a tuple, see `collected.Form`; the
            label is what the model spec's `label_key` names, the weight what its
            `example_weight_key` does.
          related: see above.
          width: see above.
          image: see above.
          ids: the features of a tuple that identify it.
          undefined: where the metric is undefined; the Evaluator reads it from the configuration.
          at: the threshold that other tuples have chosen; None: these tuples choose one.
          code_fingerprint: has no effect on values; as part of the configuration it tells the cache
            of edited code.
        """
        super().__init__(
            _computations,
            name=name,
            label=label,
            related=list(related),
            width=width,
            image=None if image is None else list(image),
            ids=list(ids),
            undefined=undefined,
            at=at,
            code_fingerprint=code_fingerprint,
        )


def _computations(
    name: str,
    label: str,
    related: Sequence[bool | None],
    width: int,
    image: Sequence[int] | None = None,
    ids: Sequence[str] = (),
    undefined: str = "",
    at: float | None = None,
    code_fingerprint: str = "",
    model_names: Sequence[str] | None = None,
    example_weighted: bool = False,
) -> list[Any]:
    del code_fingerprint, undefined
    form = Form(LabelKind(label), tuple(related), width)
    if image is not None:
        height, across, channels = image
        form = form._replace(image=(height, across, channels))
    wanted: dict[str, Any] = {"predictions": {}}
    wanted |= {"labels": {}} if width else {}
    wanted |= {"example_weights": {}} if example_weighted else {}
    wanted |= {"features": {name: {} for name in ids}} if ids else {}
    computations: list[Any] = []
    for model_name in model_names or [""]:
        # Names that start with an underscore are left out of the results, and computations with
        # equal keys run once, whichever metrics ask for them.
        collected = metric_types.MetricKey("_tuples", model_name=model_name)
        computations.append(
            metric_types.MetricComputation(
                keys=[collected],
                preprocessors=[
                    metric_types.StandardMetricInputsPreprocessor(
                        include_filter=wanted, include_default_inputs=False
                    )
                ],
                combiner=CollectTuples(collected, form, example_weighted, model_name, ids),
            )
        )
        key = metric_types.MetricKey(name, model_name=model_name, example_weighted=example_weighted)
        computations.append(
            metric_types.DerivedMetricComputation(
                [key, *(key._replace(output_name=end) for end in ("low", "high"))],
                _Derive(name, key, collected, at),
            )
        )
    return computations


@dataclasses.dataclass(frozen=True)
class _Derive:
    """Computes a registered metric from the collected tuples."""

    name: str
    key: Any
    collected: Any
    at: float | None = None

    def __call__(self, metrics: dict[Any, Any]) -> dict[Any, float]:
        tuples: Tuples = metrics[self.collected]
        metric = metric_of(tuples.form, self.name)
        if self.at is not None:
            metric = table_at(tuples.form, {self.name: self.at})[self.name]
        assert metric is not None
        value, low, high = interval(metric.compute, tuples, metric.within)
        ends = {"low": low, "high": high}
        keys = {name: self.key._replace(output_name=name) for name in ends}
        return {self.key: value, **{keys[name]: end for name, end in ends.items()}}


class CollectTuples(beam.CombineFn):
    """Collects the columns, labels and weights (if any) of the tuples of a slice."""

    def __init__(
        self, key: Any, form: Form, weighted: bool, model_name: str, ids: Sequence[str] = ()
    ) -> None:
        """Collects the predictions of the model of this name under `key`.

        Args:
          ids: see `RelationMetric`.
        """
        self._key = key
        self._form = form
        self._weighted = weighted
        self._model_name = model_name
        self._ids = tuple(ids)

    def __str__(self) -> str:
        """The expected columns. On a failure TFMA shows this text and the tuple, but hides the
        cause."""
        count = self._form.columns
        label = f", and its label as {expected_label(self._form)}" if self._form.width else ""
        weight = ", and a weight that is not negative" if self._weighted else ""
        return f"tuples: expected {count or 'some'} scores of each{label}{weight}"

    def create_accumulator(self) -> Packed:
        """Nothing yet."""
        return packing()

    def add_input(self, accumulator: Packed, element: Any) -> Packed:
        """Adds one tuple.

        Raises:
          ValueError: an unexpected number of columns, or an invalid label or weight.
        """
        name, features = self._model_name, element.features or {}
        pack(
            accumulator,
            self._form,
            element.get_predictions(name),
            element.get_labels(name) if self._form.width else None,
            element.get_example_weights(name) if self._weighted else 1.0,
            [_values(features.get(feature)) for feature in self._ids],
        )
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Packed]) -> Packed:
        """Concatenates; no metric depends on the order."""
        merged = packing()
        for accumulator in accumulators:
            for whole, part in zip(merged, accumulator, strict=True):
                whole += part
        return merged

    def extract_output(self, accumulator: Packed) -> dict[Any, Tuples]:
        """The tuples, for the metrics that are derived from them."""
        return {self._key: unpack(accumulator, self._form, self._weighted)}


def _values(feature: Any) -> list[Any]:
    """The values of a feature; a missing one has none."""
    return [] if feature is None else list(np.asarray(feature).ravel().tolist())
