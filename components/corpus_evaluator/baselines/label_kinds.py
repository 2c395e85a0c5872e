"""What a baseline predicts of each kind of label, and the metric of its predictions.

| label of the tuples | target of a sample | metric |
|---|---|---|
| one or more numbers | the numbers | r2 |
| one number whose order alone is learnt | the number | spearman |
| a class | 1 for its class, 0 for the others | accuracy |
| tags | the tags | lrap |
| a pair is related or not | 1 or 0 | auc |
| one member is related, the others are not | 1 or 0, each with the first member | auc |
| ranked pairs | 1 for the preferred document, 0 for the other | triplet_accuracy |
| lists | the grade of a document | ndcg_at_10 |

The last three are taken minus the mean of their tuple.
"""

import abc
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.baselines.samples import F64, RawFeatures, Samples
from components.corpus_evaluator.embeddings.id_tuples import IdTuples
from relation.retrieval.points import Positions
from relation.spec import LabelKind, Relation

MOST_PAIRS = 2**20
"""Pairs of members in one order that a feature is chosen by, at most."""
Monotone = Callable[[F64], F64]
"""Predictions from a column that rise or fall with it: [n] → [n, w]."""


class TupleLabel(abc.ABC):
    """The label of a relation's tuples."""

    metric: str
    constant: str | None = None
    """The name of the rule that predicts the mean; None: its answer has no meaning."""

    def __init__(self, relation: Relation) -> None:
        self.relation = relation

    @property
    def anchor(self) -> int:
        """The role that the other members of a tuple belong to."""
        return 0

    @abc.abstractmethod
    def samples(
        self, tuples: IdTuples, train: bool, features: RawFeatures, recurring: tuple[bool, ...]
    ) -> Samples:
        """The samples of n tuples; `recurring`: see `choice.members_recur`."""

    @abc.abstractmethod
    def value(self, tuples: IdTuples, samples: Samples, predicted: F64) -> float:
        """The metric of predictions, [samples, w]; NaN if it is undefined."""

    @abc.abstractmethod
    def association(self, samples: Samples, columns: F64) -> F64:
        """How well the order of each column goes with the label: [n, k] → [k], signed."""

    @abc.abstractmethod
    def line(self, samples: Samples, column: F64) -> Monotone:
        """The best predictions that rise or fall with a column, [n]."""


class OneSample(TupleLabel):
    """A label of the tuple as a whole: each tuple is one sample."""

    def samples(
        self, tuples: IdTuples, train: bool, features: RawFeatures, recurring: tuple[bool, ...]
    ) -> Samples:
        n = len(tuples.weights)
        return Samples(
            members=tuples.members,
            roles=tuple((role.name, role.entity) for role in self.relation.roles),
            target=self._target(tuples),
            weights=tuples.weights.astype(np.float64),
            owner=np.arange(n),
            slot=np.zeros(n, np.int64),
            train=train,
            features=features,
            recurring=recurring,
        )

    def _target(self, tuples: IdTuples) -> F64:
        return tuples.labels.astype(np.float64)

    def association(self, samples: Samples, columns: F64) -> F64:
        """The correlation of ranks, or the root of its mean square over several numbers."""
        from scipy.stats import rankdata  # Here: it takes seconds.

        weights = samples.weights / samples.weights.sum()
        x = rankdata(columns, axis=0) / len(columns)
        x -= weights @ x
        y = samples.target - weights @ samples.target
        scale = np.sqrt(np.outer(weights @ x**2, weights @ y**2))
        products = (x * weights[:, None]).T @ y
        matrix = np.divide(products, scale, out=np.zeros_like(products), where=scale > 1e-12)
        return matrix[:, 0] if y.shape[1] == 1 else np.sqrt((matrix**2).mean(axis=1))

    def line(self, samples: Samples, column: F64) -> Monotone:
        """The line of least squares of each number of the target."""
        weights = samples.weights / samples.weights.sum()
        centre, mean = weights @ column, samples.mean
        apart = column - centre
        variance = weights @ apart**2
        slope = (weights * apart) @ samples.target / variance if variance > 0 else 0 * mean
        return lambda other: mean + np.outer(other - centre, slope)


class Numbers(OneSample):
    """One number or several."""

    metric = "r2"
    constant: str | None = "the mean"

    def value(self, tuples: IdTuples, samples: Samples, predicted: F64) -> float:
        """The mean of r2 over the numbers that vary."""
        labels, weights = tuples.labels.astype(np.float64), samples.weights
        varies = np.ptp(labels, axis=0) > 0
        if not varies.any():
            return math.nan
        total = weights @ (labels - np.average(labels, axis=0, weights=weights)) ** 2
        left = weights @ (labels - predicted) ** 2
        return float(np.mean(1 - left[varies] / total[varies]))


class Order(Numbers):
    """One number, whose order alone a model learns."""

    metric = "spearman"
    constant = None

    def value(self, tuples: IdTuples, samples: Samples, predicted: F64) -> float:
        """The correlation of ranks; NaN if labels or predictions are all equal."""
        from scipy.stats import spearmanr  # Here: it takes seconds.

        labels, scores = tuples.labels[:, 0], predicted[:, 0]
        if not np.ptp(labels) or not np.ptp(scores):
            return math.nan
        return float(spearmanr(labels, scores).statistic)


class Classes(OneSample):
    """A class."""

    metric, constant = "accuracy", "majority"

    def __init__(self, relation: Relation, classes: int) -> None:
        super().__init__(relation)
        self._classes = classes

    def _target(self, tuples: IdTuples) -> F64:
        return np.eye(self._classes)[tuples.labels[:, 0].astype(np.int64)]

    def value(self, tuples: IdTuples, samples: Samples, predicted: F64) -> float:
        right = predicted.argmax(axis=1) == tuples.labels[:, 0]
        return float(np.average(right, weights=samples.weights))


class Tags(OneSample):
    """Tags; a tuple has those of .5 or more."""

    metric, constant = "lrap", "frequencies of tags"

    def value(self, tuples: IdTuples, samples: Samples, predicted: F64) -> float:
        from sklearn.metrics import label_ranking_average_precision_score  # It takes seconds.

        has, weights = tuples.labels >= 0.5, samples.weights
        return float(label_ranking_average_precision_score(has, predicted, sample_weight=weights))


class Related(OneSample):
    """Whether a pair is related."""

    metric, constant = "auc", "any order"

    def value(self, tuples: IdTuples, samples: Samples, predicted: F64) -> float:
        return _auc(tuples.labels[:, 0] == 1, samples, predicted)


class Ordered(TupleLabel):
    """A label that orders some members of a tuple: each of those is one sample."""

    @property
    def anchor(self) -> int:
        return self.others[-1] if self.others else self.ranked[0]

    @property
    @abc.abstractmethod
    def ranked(self) -> list[int]:
        """The columns of the roles that are ordered."""

    @property
    @abc.abstractmethod
    def others(self) -> list[int]:
        """The columns of the roles that each sample has, too."""

    @abc.abstractmethod
    def _grades(self, tuples: IdTuples) -> F64:
        """The grade of each ranked member, [n, ranked]; below 0 where there is none."""

    def samples(
        self, tuples: IdTuples, train: bool, features: RawFeatures, recurring: tuple[bool, ...]
    ) -> Samples:
        grades, ranked = self._grades(tuples), np.array(self.ranked)
        present = grades >= 0
        owner, slot = np.nonzero(present)
        # What differs between tuples orders no members of one.
        means = (grades * present).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
        roles, first = self.relation.roles, [*self.others, self.ranked[0]]
        columns = [tuples.members[owner, other] for other in self.others]
        columns.append(tuples.members[owner, ranked[slot]])
        return Samples(
            members=np.stack(columns, axis=1),
            roles=tuple(
                (roles[i].name if i in self.others else roles[i].entity, roles[i].entity)
                for i in first
            ),
            target=(grades[owner, slot] - means[owner])[:, None],
            weights=tuples.weights.astype(np.float64)[owner],
            owner=owner,
            slot=slot,
            train=train,
            features=features,
            recurring=tuple(recurring[i] for i in first),
        )

    def association(self, samples: Samples, columns: F64) -> F64:
        """The share of pairs that a column orders correctly, less the share it orders wrongly."""
        better, worse = self._pairs(samples)
        weights = samples.weights[better]
        if not len(better):
            return np.zeros(columns.shape[1])
        signs = np.sign(columns[better] - columns[worse])
        return np.asarray(weights @ signs / weights.sum(), dtype=np.float64)

    def line(self, samples: Samples, column: F64) -> Monotone:
        """The column, or minus it."""
        sign = -1.0 if self.association(samples, column[:, None])[0] < 0 else 1.0
        return lambda other: sign * other[:, None]

    def matrix(self, samples: Samples, values: F64, tuples: int, missing: float) -> F64:
        """Values of samples, [n], by tuple and ranked member."""
        out = np.full((tuples, len(self.ranked)), missing)
        out[samples.owner, samples.slot] = values
        return out

    def _pairs(self, samples: Samples) -> tuple[Positions, Positions]:
        """Samples of a tuple with a higher grade, and others of it with a lower one, [p] each."""
        some = samples.first(max(1, MOST_PAIRS // len(self.ranked)))
        _, owner = np.unique(some.owner, return_inverse=True)
        at = np.full((owner.max(initial=-1) + 1, len(self.ranked)), -1)
        at[owner, some.slot] = np.arange(len(some))
        grade = np.where(at >= 0, some.target[:, 0][at], np.nan)
        tuple_, first, second = np.nonzero(grade[:, :, None] > grade[:, None, :])
        return at[tuple_, first], at[tuple_, second]


class RankedPairs(Ordered):
    """Two documents, of a query or not; the first is preferred."""

    metric = "triplet_accuracy"

    @property
    def ranked(self) -> list[int]:
        return [0, 1]

    @property
    def others(self) -> list[int]:
        return list(range(2, len(self.relation.roles)))

    def _grades(self, tuples: IdTuples) -> F64:
        return np.tile([1.0, 0.0], (len(tuples.weights), 1))

    def value(self, tuples: IdTuples, samples: Samples, predicted: F64) -> float:
        """The weighted share of tuples whose first document scores higher; a tie does not count."""
        scores = self.matrix(samples, predicted[:, 0], len(tuples.weights), -math.inf)
        return float(np.average(scores[:, 0] > scores[:, 1], weights=tuples.weights))


class Lists(Ordered):
    """Graded documents, of a query or not."""

    metric = "ndcg_at_10"

    @property
    def ranked(self) -> list[int]:
        return list(range(self.relation.width))

    @property
    def others(self) -> list[int]:
        return list(range(self.relation.width, len(self.relation.roles)))

    def _grades(self, tuples: IdTuples) -> F64:
        return tuples.labels.astype(np.float64)

    def value(self, tuples: IdTuples, samples: Samples, predicted: F64) -> float:
        """NDCG@10, without lists that have no relevant document; NaN if none has."""
        from sklearn.metrics import ndcg_score  # Here: it takes seconds.

        gains = np.where(tuples.labels >= 0, np.exp2(tuples.labels.astype(np.float64)) - 1, 0)
        kept = gains.max(axis=1) > 0
        if not kept.any():
            return math.nan
        lowest = predicted.min(initial=0) - 1
        scores = self.matrix(samples, predicted[:, 0], len(tuples.weights), lowest)[kept]
        weights = tuples.weights[kept]
        return float(ndcg_score(gains[kept], scores, k=10, sample_weight=weights))


class OneOfMany(Ordered):
    """A first member, and others that are related to it or not."""

    metric = "auc"

    @property
    def ranked(self) -> list[int]:
        names = [role.name for role in self.relation.roles]
        return [names.index(comparison.right) for comparison in self.relation.comparisons]

    @property
    def others(self) -> list[int]:
        names = [role.name for role in self.relation.roles]
        return [names.index(self.relation.scored.left)]

    def _grades(self, tuples: IdTuples) -> F64:
        related = [float(bool(comparison.related)) for comparison in self.relation.comparisons]
        return np.tile(related, (len(tuples.weights), 1))

    def value(self, tuples: IdTuples, samples: Samples, predicted: F64) -> float:
        related = np.array([comparison.related for comparison in self.relation.comparisons])
        return _auc(related[samples.slot], samples, predicted)


def label_of(
    relation: Relation, train: IdTuples, held_out: IdTuples, orders_only: bool
) -> TupleLabel | None:
    """The label of a relation; None if there is nothing to predict without training.

    Args:
      relation: of the tuples.
      train, held_out: the tuples, which have all classes.
      orders_only: whether a model learns the order of numbers alone.
    """
    ordered = bool(relation.comparisons) and None not in {c.related for c in relation.comparisons}
    match relation.label:
        case LabelKind.CLASS:
            most = max(tuples.labels.max(initial=0) for tuples in (train, held_out))
            return Classes(relation, int(most) + 1)
        case LabelKind.TAGS:
            return Tags(relation)
        case LabelKind.VECTOR:
            return Numbers(relation)
        case LabelKind.GRADES:
            return Lists(relation)
        case LabelKind.SCALAR:
            documents = ordered or not relation.comparisons
            numbers = Order if orders_only else Numbers
            return RankedPairs(relation) if documents else numbers(relation)
        case LabelKind.BINARY if relation.says_related:
            return Related(relation)
        case LabelKind.NONE if relation.says_related:
            return OneOfMany(relation)
    return None


def _auc(related: npt.NDArray[np.bool_], samples: Samples, predicted: F64) -> float:
    from sklearn.metrics import roc_auc_score  # Here: it takes seconds.

    if related.all() or not related.any():
        return math.nan
    return float(roc_auc_score(related, predicted[:, 0], sample_weight=samples.weights))
