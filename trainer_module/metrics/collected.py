"""Collects the tuples of a slice as arrays: the model's columns, labels and weights."""

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from relation.core.splitmix import random_bits
from relation.spec import LabelKind, Relation
from trainer_module.metrics.statistics import Bools, Flat

Matrix = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint64]

GROUPS = 20
"""Number of groups of tuples that the jackknife leaves out in turn."""


class Form(NamedTuple):
    """The meaning of the columns of a prediction, and of the numbers of a label.

    Attributes:
      label: the kind of the label of a tuple.
      related: for each column that says how related two members are, or how high a document ranks:
        True, False, or None where the tuple's label says. Empty where columns mean something else.
      width: numbers of a label; 0 without a label, and for images, where the pixels of the target
        follow those of the prediction.
      image: height, width and channels of a predicted image, if known.
    """

    label: LabelKind
    related: tuple[bool | None, ...]
    width: int
    image: tuple[int, int, int] | None = None

    @property
    def columns(self) -> int | None:
        """Number of columns of a prediction; None where only the model knows (classes, pixels)."""
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
        related = (True, False)  # The first of two documents is preferred, with or without a query.
    width = relation.width if relation.labelled else 0
    return Form(relation.label, related, width)


@dataclasses.dataclass(frozen=True, eq=False)
class Tuples:
    """The tuples of a slice, as `collect` orders them.

    Attributes:
      form: the meaning of columns and labels.
      keys: hash of what identifies each tuple, the ids of its members, uint64 [n];
        equal ones lie together.
      scores: float32 [n, C].
      labels: float32 [n, width].
      weights: float32 [n], not negative; None: all count equally.
    """

    form: Form
    keys: Keys
    scores: Matrix
    labels: Matrix
    weights: Matrix | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def flat(self) -> Flat:
        """Flattened scores, relatedness and weights, [n · C]."""
        related = np.empty(self.scores.shape, dtype=bool)
        for column, fixed in enumerate(self.form.related):
            related[:, column] = self.labels[:, 0] == 1 if fixed is None else fixed
        repeats = self.scores.shape[1]
        weights = None if self.weights is None else np.repeat(self.weights, repeats)
        return Flat(self.scores.ravel(), related.ravel(), weights)

    @property
    def present(self) -> Bools:
        """Whether each score is of a document or pair that exists, [n, C]; a list may be
        shorter."""
        if self.form.label is LabelKind.GRADES:
            return self.labels >= 0
        return np.ones(self.scores.shape, dtype=bool)

    @functools.cached_property
    def halves(self) -> tuple["Tuples", "Tuples"]:
        """About half of the tuples, and the others, by a hash of what identifies each.

        So two runs of one recipe, whose scores differ in their last bits, have the same halves.
        """
        first = _hash(self.keys) < 1 << 63
        return self._chosen(first), self._chosen(~first)

    @functools.cached_property
    def groups(self) -> npt.NDArray[np.int64]:
        """The group of each tuple, int64 [n], from 0 to `GROUPS` − 1, by the hash of `halves`."""
        return (_hash(self.keys) % np.uint64(GROUPS)).astype(np.int64)

    def without(self, group: int) -> "Tuples":
        """All but one group."""
        return self._chosen(self.groups != group)

    def _chosen(self, mask: Bools) -> "Tuples":
        weights = None if self.weights is None else self.weights[mask]
        return Tuples(self.form, self.keys[mask], self.scores[mask], self.labels[mask], weights)


def collect(
    form: Form,
    keys: Keys,
    scores: Matrix,
    labels: Matrix,
    weights: Matrix | None = None,
) -> Tuples:
    """Sort tuples by the bytes of their keys, so that their order is not the order of arrival.

    So no metric, and no last bit of one, depends on how tuples were bundled. Tuples with one key
    are sorted by label, weight and scores.

    Args:
      form: the meaning of columns and labels.
      keys: hash of what identifies each tuple, uint64 [n].
      scores: float32 [n, C].
      labels: float32 [n, width].
      weights: float32 [n], or None.
    """
    parts = [labels, *([] if weights is None else [weights[:, None]]), scores]
    values = np.ascontiguousarray(np.concatenate(parts, axis=1), dtype="<f4").view("<u4")
    key = np.ascontiguousarray(keys, dtype="<u8").view("<u4").reshape(len(keys), 2)
    whole = np.ascontiguousarray(np.concatenate([key, values], axis=1))
    row = np.dtype((np.void, whole.itemsize * whole.shape[1]))
    order = np.argsort(whole.view(row).ravel(), kind="stable")
    chosen = None if weights is None else weights[order]
    return Tuples(form, keys[order], scores[order], labels[order], chosen)


Packed: TypeAlias = tuple[bytearray, bytearray, bytearray, bytearray]
"""Columns, labels, and weights (1 where there are none), as little-endian float32 in row order; and
keys, as little-endian uint64."""


def packing() -> Packed:
    """Nothing yet."""
    return bytearray(), bytearray(), bytearray(), bytearray()


def pack(
    packed: Packed, form: Form, scores: Any, label: Any, weight: Any, ids: Sequence[Sequence[Any]]
) -> None:
    """Add a tuple.

    Args:
      packed: what it is added to.
      form: the meaning of columns and labels.
      scores: its columns, floats [C] (of images the pixels of the target follow).
      label: its label, numbers [width].
      weight: a number.
      ids: the values of the features that identify it.

    Raises:
      ValueError: an unexpected number of columns, or an invalid label or weight.
    """
    columns, labels, weights, keys = packed
    row = _numbers(scores)
    if row.size != (form.columns or row.size):
        raise ValueError(f"scores: got {row.size} of a tuple; expected {form.columns}")
    if form.label is LabelKind.IMAGE:
        row, target = np.split(row, 2)
        labels += target.tobytes()
    elif form.width:
        labels += _label(form, label, row.size).tobytes()
    columns += row.tobytes()
    weights += _weight(weight).tobytes()
    keys += key_of(ids)


def key_of(ids: Sequence[Sequence[Any]]) -> bytes:
    """A hash of what identifies a tuple, 8 bytes.

    Args:
      ids: the values of each feature that does.
    """
    return hashlib.blake2b(repr([list(one) for one in ids]).encode(), digest_size=8).digest()


def unpack(packed: Packed, form: Form, weighted: bool) -> Tuples:
    """The tuples that were added, as `collect` orders them; `weighted`: whether with weights."""
    columns, labels, weights = (np.frombuffer(bytes(part), "<f4") for part in packed[:3])
    keys = np.frombuffer(bytes(packed[3]), "<u8")
    count = len(weights)
    scores = columns.reshape(count, len(columns) // count if count else form.columns or 1)
    labels = labels.reshape(count, len(labels) // count if count else form.width)
    return collect(form, keys, scores, labels, weights if weighted else None)


_LABELS = {
    LabelKind.BINARY: "0 or 1",
    LabelKind.CLASS: "the index of a class",
    LabelKind.TAGS: "a number from 0 to 1",
}


def expected_label(form: Form) -> str:
    """What a label of a tuple must be, in words."""
    what = _LABELS.get(form.label, "a finite number")
    return what if form.width == 1 else f"{form.width} numbers, each {what}"


def _numbers(value: Any) -> Matrix:
    return np.asarray([] if value is None else value, dtype="<f4").ravel()


def _label(form: Form, value: Any, columns: int) -> Matrix:
    label = _numbers(value)
    fits = label.size == form.width and bool(np.isfinite(label).all())
    if form.label is LabelKind.BINARY:
        fits = fits and bool(np.isin(label, (0, 1)).all())
    if form.label is LabelKind.CLASS:
        fits = fits and bool(np.isin(label, np.arange(columns)).all())
    if form.label is LabelKind.TAGS:
        fits = fits and bool(((label >= 0) & (label <= 1)).all())
    if not fits:
        raise ValueError(f"label of a tuple: got {label.tolist()}; expected {expected_label(form)}")
    return label


def _weight(value: Any) -> Matrix:
    weight = _numbers(value)
    if weight.size != 1 or not np.isfinite(weight[0]) or weight[0] < 0:
        raise ValueError(f"weight of a tuple: got {weight.tolist()}; expected one, 0 or above")
    return weight


def _hash(keys: Keys) -> Keys:
    """A hash of each key and of its number among equal ones, uint64 [n].

    Args:
      keys: uint64 [n]; equal ones lie together.
    """
    index = np.arange(len(keys))
    new = np.r_[True, keys[1:] != keys[:-1]][: len(keys)]
    number = index - np.maximum.accumulate(np.where(new, index, 0))
    return random_bits(0, 0, keys, number)
