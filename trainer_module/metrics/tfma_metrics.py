"""The registered tuple metrics as TFMA metrics.

One statistic, collected once for each slice and model, serves all of them: the packed columns,
labels and weights, 4 bytes for each number (float32). Merging concatenates; the result is sorted,
and every metric is computed from it, so values are exact however Beam bundles the data. One slice
of one model must fit in a worker's memory: 100 million pairs with their labels in 1 GB, and several
times that while they are sorted.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from tensorflow_model_analysis.metrics import metric_types

from relation.spec import LabelKind
from trainer_module.metrics.collected import Form, Tuples, collect
from trainer_module.metrics.jackknife import interval
from trainer_module.metrics.registry import table_of

_Accumulator: TypeAlias = tuple[bytearray, bytearray, bytearray, bytearray]
"""Columns, labels, and weights (1 where there are none), as little-endian float32 in row order; and
keys, as little-endian uint64."""


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
                _Derive(name, key, collected),
            )
        )
    return computations


@dataclasses.dataclass(frozen=True)
class _Derive:
    """Computes a registered metric from the collected tuples."""

    name: str
    key: Any
    collected: Any

    def __call__(self, metrics: dict[Any, Any]) -> dict[Any, float]:
        tuples: Tuples = metrics[self.collected]
        metric = table_of(tuples.form)[self.name]
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
        label = f", and its label as {_expected(self._form)}" if self._form.width else ""
        weight = ", and a weight that is not negative" if self._weighted else ""
        return f"tuples: expected {count or 'some'} scores of each{label}{weight}"

    def create_accumulator(self) -> _Accumulator:
        """Nothing yet."""
        return bytearray(), bytearray(), bytearray(), bytearray()

    def add_input(self, accumulator: _Accumulator, element: Any) -> _Accumulator:
        """Adds one tuple.

        Raises:
          ValueError: an unexpected number of columns, or an invalid label or weight.
        """
        columns, labels, weights, keys = accumulator
        row = _numbers(element.get_predictions(self._model_name))
        if row.size != (self._form.columns or row.size):
            raise ValueError(f"scores: got {row.size} of a tuple; expected {self._form.columns}")
        if self._form.label is LabelKind.IMAGE:
            row, label = np.split(row, 2)
            labels += label.tobytes()
        elif self._form.width:
            labels += _label(self._form, element.get_labels(self._model_name), row.size).tobytes()
        columns += row.tobytes()
        weight = element.get_example_weights(self._model_name) if self._weighted else 1.0
        weights += _weight(weight).tobytes()
        keys += _key(element.features or {}, self._ids)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[_Accumulator]) -> _Accumulator:
        """Concatenates; no metric depends on the order."""
        merged = self.create_accumulator()
        for accumulator in accumulators:
            for whole, part in zip(merged, accumulator, strict=True):
                whole += part
        return merged

    def extract_output(self, accumulator: _Accumulator) -> dict[Any, Tuples]:
        """The tuples, for the metrics that are derived from them."""
        columns, labels, weights = (np.frombuffer(bytes(part), "<f4") for part in accumulator[:3])
        keys = np.frombuffer(bytes(accumulator[3]), "<u8")
        count = len(weights)
        scores = columns.reshape(count, len(columns) // count if count else self._form.columns or 1)
        labels = labels.reshape(count, len(labels) // count if count else self._form.width)
        chosen = weights if self._weighted else None
        return {self._key: collect(self._form, keys, scores, labels, chosen)}


def _key(features: Mapping[str, Any], ids: Sequence[str]) -> bytes:
    """A hash of the values of some features, 8 bytes; a missing one has no value."""
    values = [
        [] if (value := features.get(name)) is None else np.asarray(value).ravel().tolist()
        for name in ids
    ]
    return hashlib.blake2b(repr(values).encode(), digest_size=8).digest()


def _numbers(value: Any) -> npt.NDArray[np.float32]:
    return np.asarray([] if value is None else value, dtype="<f4").ravel()


_LABELS = {
    LabelKind.BINARY: "0 or 1",
    LabelKind.CLASS: "the index of a class",
    LabelKind.TAGS: "a number from 0 to 1",
}


def _expected(form: Form) -> str:
    what = _LABELS.get(form.label, "a finite number")
    return what if form.width == 1 else f"{form.width} numbers, each {what}"


def _label(form: Form, value: Any, columns: int) -> npt.NDArray[np.float32]:
    label = _numbers(value)
    fits = label.size == form.width and bool(np.isfinite(label).all())
    if form.label is LabelKind.BINARY:
        fits = fits and bool(np.isin(label, (0, 1)).all())
    if form.label is LabelKind.CLASS:
        fits = fits and bool(np.isin(label, np.arange(columns)).all())
    if form.label is LabelKind.TAGS:
        fits = fits and bool(((label >= 0) & (label <= 1)).all())
    if not fits:
        raise ValueError(f"label of a tuple: got {label.tolist()}; expected {_expected(form)}")
    return label


def _weight(value: Any) -> npt.NDArray[np.float32]:
    weight = _numbers(value)
    if weight.size != 1 or not np.isfinite(weight[0]) or weight[0] < 0:
        raise ValueError(f"weight of a tuple: got {weight.tolist()}; expected one, 0 or above")
    return weight
