"""The tuple metrics by name: what each computes, and for which relations. Imports no TensorFlow.

A new metric is a function (`statistics`, `numeric`, `tags`, `ranking`, `images`), a line in a table
below, a test. Weights of tuples weight all metrics but `spearman`, `kendall`, and those that count.

A relation has the tables that apply to its answers and labels:

| table | relations |
|---|---|
| related or not | pairs with a binary label, triplets, n-tuples |
| one above others | triplets, n-tuples with one positive, ranked pairs |
| place of a positive | n-tuples of more than three |
| a number, several numbers | scored pairs, edges with a value, rows whose label is an image |
| a class | edges with a class |
| tags, and of each tag `auc`, `average_precision`, `f1` | tags |
| images | rows whose label is an image |
| lists | lists |
"""

import dataclasses
import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

import numpy as np

from relation.spec import LabelKind, Relation, says_related
from trainer_module.metrics import images, numeric, ranking, statistics, tags
from trainer_module.metrics.collected import Form, Tuples, form_of
from trainer_module.metrics.statistics import Bools, Flat, Floats

Better: TypeAlias = Literal["higher", "lower"]


@dataclasses.dataclass(frozen=True)
class TupleMetric:
    """A metric of the tuples of a slice.

    Attributes:
      meaning: the metric in words.
      compute: the metric; NaN where it is undefined.
      better: whether higher or lower values are better; None: it does not measure quality.
      within: its lowest and highest possible value.
      undefined: where it is undefined though scores are finite, as a clause.
    """

    meaning: str
    compute: Callable[[Tuples], float]
    better: Better | None = "higher"
    within: tuple[float, float] = (0.0, 1.0)
    undefined: str = "all tuples weigh 0"

    @property
    def is_quality(self) -> bool:
        """Whether a drop of it means a worse model."""
        return self.better == "higher"


Table = Mapping[str, TupleMetric]
BOTH = "it needs pairs that are related and pairs that are not, and there are none of one kind"
BOTH_IN_HALVES = "one half of the tuples has no related, or no unrelated pair"
ALL_EQUAL = "all labels, or all scores, are equal"
NO_RELEVANT = "no tuple has a relevant member"
NO_TAGS = "no example has a tag, and none is predicted"
ONE_CLASS = "each example has the tag, or none has"
ANY, NOT_NEGATIVE, CORRELATION = (-math.inf, math.inf), (0.0, math.inf), (-1.0, 1.0)


def _ndcg(k: int) -> TupleMetric:
    return TupleMetric(
        f"Normalized discounted cumulative gain of the first {k} places.",
        lambda t: ranking.ndcg(t.scores, t.labels, k, t.weights),
        undefined=NO_RELEVANT,
    )


def _flat_halves(tuples: Tuples) -> tuple[Flat, Flat]:
    choosing, reporting = tuples.halves
    return choosing.flat, reporting.flat


def _positives(tuples: Tuples) -> tuple[Floats, Bools, Bools]:
    """Scores, whether each is of a positive, and a mask of ones: [n, C] each."""
    shape = tuples.scores.shape
    related = np.broadcast_to(np.asarray(tuples.form.related, dtype=bool), shape)
    return tuples.scores, related, np.ones(shape, dtype=bool)


RELATED: Table = {
    "auc": TupleMetric(
        "Area under the ROC curve: the probability that a related score exceeds an unrelated one.",
        lambda t: statistics.roc_auc(*t.flat),
        undefined=BOTH,
    ),
    "average_precision": TupleMetric(
        "Area under the precision-recall curve, as a step function.",
        lambda t: statistics.average_precision(*t.flat),
        undefined=BOTH,
    ),
    "accuracy": TupleMetric(
        "Accuracy on one half of the tuples at the best threshold of the other half.",
        lambda t: statistics.accuracy_on_half(*_flat_halves(t)).quality,
        undefined=BOTH_IN_HALVES,
    ),
    "threshold": TupleMetric(
        "That threshold: scores at or above it mean related.",
        lambda t: statistics.accuracy_on_half(*_flat_halves(t)).threshold,
        None,
        ANY,
        undefined=BOTH_IN_HALVES,
    ),
    "f1": TupleMetric(
        "F1 of one half of the tuples at the best threshold of the other half.",
        lambda t: statistics.f1_on_half(*_flat_halves(t)).quality,
        undefined=BOTH_IN_HALVES,
    ),
    "f1_threshold": TupleMetric(
        "That threshold: scores at or above it mean related.",
        lambda t: statistics.f1_on_half(*_flat_halves(t)).threshold,
        None,
        ANY,
        undefined=BOTH_IN_HALVES,
    ),
    "equal_error_rate": TupleMetric(
        "Error rate where false positives and false negatives are equally frequent; lower is "
        "better.",
        lambda t: statistics.equal_error_rate(*t.flat),
        "lower",
        undefined=BOTH,
    ),
}
"""A threshold is chosen on one half of the tuples; `accuracy` and `f1` are measured on the
other."""
ONE_ABOVE_OTHERS: Table = {
    "triplet_accuracy": TupleMetric(
        "Share of tuples whose positive scores above every negative; a tie does not count.",
        lambda t: statistics.triplet_accuracy(t.scores, t.form.related, t.weights),
    ),
}
PLACE_OF_POSITIVE: Table = {
    "mrr": TupleMetric(
        "Mean of 1 / rank of the first positive.",
        lambda t: ranking.reciprocal_rank(*_positives(t), t.weights),
        undefined=NO_RELEVANT,
    ),
}
NUMBERS: Table = {
    "mae": TupleMetric(
        "Mean absolute error.",
        lambda t: numeric.absolute_error(t.scores, t.labels, t.weights),
        "lower",
        NOT_NEGATIVE,
    ),
    "mse": TupleMetric(
        "Mean squared error.",
        lambda t: numeric.squared_error(t.scores, t.labels, t.weights),
        "lower",
        NOT_NEGATIVE,
    ),
    "r2": TupleMetric(
        "1 − squared error over variance, the mean over components that vary.",
        lambda t: numeric.r2(t.scores, t.labels, t.weights),
        within=(-math.inf, 1.0),
        undefined="all labels are equal",
    ),
}
NUMBER: Table = {
    "pearson": TupleMetric(
        "Linear correlation.",
        lambda t: numeric.pearson(t.scores[:, 0], t.labels[:, 0], t.weights),
        within=CORRELATION,
        undefined=ALL_EQUAL,
    ),
    "spearman": TupleMetric(
        "Correlation of ranks.",
        lambda t: numeric.spearman(t.scores[:, 0], t.labels[:, 0]),
        within=CORRELATION,
        undefined=ALL_EQUAL,
    ),
    "kendall": TupleMetric(
        "Kendall's τ_b, which takes ties into account.",
        lambda t: numeric.kendall(t.scores[:, 0], t.labels[:, 0]),
        within=CORRELATION,
        undefined=ALL_EQUAL,
    ),
}
CLASSES: Table = {
    "accuracy": TupleMetric(
        "Share of tuples whose class is the most probable one.",
        lambda t: numeric.class_accuracy(t.scores, t.labels[:, 0], t.weights),
    ),
    "macro_f1": TupleMetric(
        "F1 of each class, and the mean of those.",
        lambda t: numeric.class_f1(t.scores, t.labels[:, 0], t.weights),
    ),
}
TAGS: Table = {
    "lrap": TupleMetric(
        "Label ranking average precision.",
        lambda t: tags.average_precision(t.scores, t.labels, t.weights),
    ),
    "ranking_loss": TupleMetric(
        "Share of pairs of a present and an absent tag that are in the wrong order.",
        lambda t: tags.ranking_loss(t.scores, t.labels, t.weights),
        "lower",
    ),
    "coverage": TupleMetric(
        "Mean number of top scores that cover all tags of an example.",
        lambda t: tags.coverage(t.scores, t.labels, t.weights),
        "lower",
        NOT_NEGATIVE,
    ),
    "hamming": TupleMetric(
        "Share of tags that are wrong.",
        lambda t: tags.hamming(t.scores, t.labels, t.weights),
        "lower",
    ),
    "micro_f1": TupleMetric(
        "F1 of all tags taken together.",
        lambda t: tags.micro_f1(t.scores, t.labels, t.weights),
        undefined=NO_TAGS,
    ),
    "macro_f1": TupleMetric(
        "F1 of each tag, and the mean of those.",
        lambda t: tags.macro_f1(t.scores, t.labels, t.weights),
        undefined=NO_TAGS,
    ),
    "mae": NUMBERS["mae"],
}
LISTS: Table = {
    **{f"ndcg_at_{k}": _ndcg(k) for k in (1, 3, 5, 10)},
    "mrr": TupleMetric(
        "Mean of 1 / rank of the first relevant document (grade above 0).",
        lambda t: ranking.reciprocal_rank(t.scores, t.labels > 0, t.labels >= 0, t.weights),
        undefined=NO_RELEVANT,
    ),
    "lists_without_relevant": TupleMetric(
        "Number of lists without a relevant document.",
        lambda t: ranking.irrelevant(t.labels),
        None,
        NOT_NEGATIVE,
    ),
}
EXAMPLES = "examples"
"""The metric that counts tuples."""
ALL: Table = {
    "score_spread": TupleMetric(
        "The largest standard deviation of a score over tuples; 0 where all are the same.",
        lambda t: statistics.spread(t.scores, t.present),
        None,
        NOT_NEGATIVE,
    ),
    EXAMPLES: TupleMetric("Number of tuples.", lambda t: float(len(t)), None, NOT_NEGATIVE),
}


IMAGES: Table = {
    "iou": TupleMetric(
        "Intersection over union of the masks (pixels from 0.5 on); 1 where both are empty.",
        lambda t: images.iou(t.scores, t.labels, t.weights),
    ),
    "dice": TupleMetric(
        "Dice coefficient of the masks (F1 of pixels); 1 where both are empty.",
        lambda t: images.dice(t.scores, t.labels, t.weights),
    ),
    "psnr": TupleMetric(
        "Peak signal-to-noise ratio in decibels, at most 100.",
        lambda t: images.psnr(t.scores, t.labels, t.weights),
        within=(0.0, images.MOST_PSNR),
    ),
    "ssim": TupleMetric(
        "Structural similarity.",
        lambda t: images.ssim(t.scores, t.labels, t.form.image, t.weights),
        within=CORRELATION,
    ),
}


def _of_each_tag(form: Form) -> Table:
    """Metrics of single tags, numbered as in the schema's domain."""
    return {
        f"{name}_tag_{number}": TupleMetric(
            f"`{name}` of tag {number} alone.",
            functools.partial(_of_tag, metric, number),
            undefined=NO_TAGS if name == "f1" else ONE_CLASS,
        )
        for number in range(form.width)
        for name, metric in OF_EACH_TAG.items()
    }


def _of_tag(metric: Callable[[Floats, Floats, Floats | None], float], tag: int, t: Tuples) -> float:
    return metric(t.scores[:, [tag]], t.labels[:, [tag]], t.weights)


OF_EACH_TAG: Mapping[str, Callable[[Floats, Floats, Floats | None], float]] = {
    "auc": lambda scores, labels, weights: statistics.roc_auc(
        scores[:, 0], labels[:, 0] >= tags.HAS, weights
    ),
    "average_precision": lambda scores, labels, weights: statistics.average_precision(
        scores[:, 0], labels[:, 0] >= tags.HAS, weights
    ),
    "f1": tags.micro_f1,
}
"""The metrics of single tags: scores and labels [n, 1], weights [n] -> the metric."""


def says_related_of(form: Form) -> bool:
    """Whether tuples of a form hold both related and unrelated pairs."""
    return says_related(form.label, form.related)


def _one_above_others(form: Form) -> bool:
    others = [related for related in form.related if related is not True]
    return len(form.related) - len(others) == 1 and bool(others) and None not in others


def _several_compared(form: Form) -> bool:
    both = {True, False} == set(form.related)
    return form.label is LabelKind.NONE and both and len(form.related) > 2


def _number(form: Form) -> bool:
    return form.label is LabelKind.SCALAR and form.related == (None,)


def _numbers(form: Form) -> bool:
    return _number(form) or form.label in (LabelKind.VECTOR, LabelKind.IMAGE)


TABLES: tuple[tuple[Callable[[Form], bool], Table], ...] = (
    (says_related_of, RELATED),
    (_one_above_others, ONE_ABOVE_OTHERS),
    (_several_compared, PLACE_OF_POSITIVE),
    (_numbers, NUMBERS),
    (_number, NUMBER),
    (lambda form: form.label is LabelKind.CLASS, CLASSES),
    (lambda form: form.label is LabelKind.TAGS, TAGS),
    (lambda form: form.label is LabelKind.GRADES, LISTS),
    (lambda form: form.label is LabelKind.IMAGE, IMAGES),
    (lambda form: True, ALL),
)
"""Tables of metrics, with the relations that they apply to."""


def table_of(form: Form) -> Table:
    """The metrics, by name, of tuples of a form."""
    table = {
        name: metric for applies, part in TABLES if applies(form) for name, metric in part.items()
    }
    return {**table, **(_of_each_tag(form) if form.label is LabelKind.TAGS else {})}


def metric_of(form: Form, name: str) -> TupleMetric | None:
    """The metric of a name, also of a k that no table has; None if tuples of a form have it not."""
    of_any_k = re.fullmatch(r"ndcg_at_([1-9]\d{0,3})", name)
    if of_any_k is not None and form.label is LabelKind.GRADES:
        return _ndcg(int(of_any_k[1]))
    return table_of(form).get(name)


def metrics_of(relation: Relation, gated: Iterable[str] = ()) -> tuple[str, ...]:
    """Names of the metrics that a relation has; all of them are computed, gated or not.

    Args:
      relation: of the tuples.
      gated: names that a recipe gives; those of another k are computed, too.
    """
    form = form_of(relation)
    further = (name for name in gated if metric_of(form, name) is not None)
    return tuple(dict.fromkeys([*table_of(form), *further]))


def qualities(relation: Relation, gated: Iterable[str] = ()) -> tuple[str, ...]:
    """Names of the metrics of a relation whose higher values are better; see `metrics_of`."""
    form = form_of(relation)
    metrics = {name: metric_of(form, name) for name in metrics_of(relation, gated)}
    return tuple(n for n, metric in metrics.items() if metric is not None and metric.is_quality)
