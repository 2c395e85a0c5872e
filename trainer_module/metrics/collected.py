"""The tuples of a slice as arrays: the model's columns, the labels, the weights."""

import dataclasses
import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from relation.core.splitmix import GOLDEN, mix
from relation.spec import LabelKind, Relation
from trainer_module.metrics.statistics import Bools, Flat, Floats

Matrix = npt.NDArray[np.float32]

GROUPS = 20
"""Groups of tuples that are left out in turn, to see what a metric may be off by."""


class Form(NamedTuple):
    """The meaning of the columns of a prediction, and of the numbers of a label.

    Attributes:
      label: the kind of the label of a tuple.
      related: of each column that says how related two members are, or how high a document ranks:
        True, False, or None where the tuple's label says. Empty where columns are other things.
      width: numbers of a label; 0 without a label, and for images: there the pixels of the target
        follow those of the prediction.
      image: height, width and channels of a predicted image, if they are known.
    """

    label: LabelKind
    related: tuple[bool | None, ...]
    width: int
    image: tuple[int, int, int] | None = None

    @property
    def columns(self) -> int | None:
        """How many columns an answer has; None where the model alone knows (classes, pixels)."""
        if self.label in (LabelKind.CLASS, LabelKind.IMAGE):
            return None
        return len(self.related) or self.width


_OTHER_COLUMNS = (
    LabelKind.VECTOR,
    LabelKind.CLASS,
    LabelKind.TAGS,
    LabelKind.GRADES,
    LabelKind.IMAGE,
)


def form_of(relation: Relation) -> Form:
    """Return the form of predictions and labels of a relation's tuples."""
    related = tuple(comparison.related for comparison in relation.comparisons)
    if relation.label in _OTHER_COLUMNS:
        related = ()
    elif relation.label is LabelKind.SCALAR and None not in related:
        related = (True, False)  # Of two documents the first is preferred, with or without query.
    width = relation.width if relation.labelled else 0
    return Form(relation.label, related, width)


@dataclasses.dataclass(frozen=True, eq=False)
class Tuples:
    """The tuples of a slice, as `collect` orders them.

    Attributes:
      form: what columns and labels are.
      scores: float32 [n, C].
      labels: float32 [n, width].
      weights: float32 [n], not negative; None: all count the same.
    """

    form: Form
    scores: Matrix
    labels: Matrix
    weights: Matrix | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def flat(self) -> Flat:
        """All columns of all tuples that say how related: scores, truth and weights, [n · C]."""
        related = np.empty(self.scores.shape, dtype=bool)
        for column, fixed in enumerate(self.form.related):
            related[:, column] = self.labels[:, 0] == 1 if fixed is None else fixed
        repeats = self.scores.shape[1]
        weights = None if self.weights is None else np.repeat(self.weights, repeats)
        return Flat(self.scores.ravel(), related.ravel(), weights)

    @property
    def there(self) -> Bools:
        """Whether there is what a score is of, [n, C]: a list may have fewer documents."""
        if self.form.label is LabelKind.GRADES:
            return self.labels >= 0
        return np.ones(self.scores.shape, dtype=bool)

    @functools.cached_property
    def halves(self) -> tuple["Tuples", "Tuples"]:
        """About half of the tuples, and the others, by a hash of the values of each.

        Of tuples of which the same is known, each is hashed with its number, so that a model that
        gives everything one score does not have all its tuples in one half.
        """
        first = _hash(self.scores, self.labels, self.weights) < 1 << 63
        return self._chosen(first), self._chosen(~first)

    @functools.cached_property
    def groups(self) -> npt.NDArray[np.int64]:
        """The group of each tuple, int64 [n], from 0 to `GROUPS` − 1, by the hash of `halves`."""
        code = _hash(self.scores, self.labels, self.weights)
        return (code % np.uint64(GROUPS)).astype(np.int64)

    def without(self, group: int) -> "Tuples":
        """All but one group."""
        return self._chosen(self.groups != group)

    def _chosen(self, mask: Bools) -> "Tuples":
        weights = None if self.weights is None else self.weights[mask]
        return Tuples(self.form, self.scores[mask], self.labels[mask], weights)


def collect(form: Form, scores: Matrix, labels: Matrix, weights: Matrix | None = None) -> Tuples:
    """Sort tuples by their bytes, so that their order does not depend on the order of arrival.

    So no metric, and no last bit of one, depends on how tuples were bundled.

    Args:
      form: what columns and labels are.
      scores: float32 [n, C].
      labels: float32 [n, width].
      weights: float32 [n], or None.
    """
    whole = _whole(scores, labels, weights)
    row = np.dtype((np.void, whole.itemsize * max(whole.shape[1], 1)))
    order = np.argsort(whole.view(row).ravel(), kind="stable") if whole.size else slice(0)
    return Tuples(form, scores[order], labels[order], None if weights is None else weights[order])


def _whole(scores: Floats, labels: Floats, weights: Floats | None) -> Matrix:
    parts = [scores, labels, *([] if weights is None else [weights[:, None]])]
    return np.ascontiguousarray(np.concatenate(parts, axis=1), dtype="<f4")


def _hash(scores: Matrix, labels: Matrix, weights: Matrix | None) -> npt.NDArray[np.uint64]:
    """A hash of each row and of its number among equal ones, which lie together: [n]."""
    words = _whole(scores, labels, weights).view("<u4")
    index = np.arange(len(words))
    new = np.ones(len(words), dtype=bool)
    new[1:] = (words[1:] != words[:-1]).any(axis=1)
    code = (index - np.maximum.accumulate(np.where(new, index, 0))).astype(np.uint64)
    for column in words.T:
        code = mix(code + np.uint64(GOLDEN)) ^ column
    return mix(code + np.uint64(GOLDEN))
