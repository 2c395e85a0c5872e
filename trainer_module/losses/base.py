"""The families of losses: arguments, results, and what a loss needs.

Every loss returns one number for each row, [batch], float32 or float64, which `ops.weighted_mean`
averages with the weights of tuples. A loss that is defined for a whole batch only is a
`WholeBatch`.
"""

import abc
from typing import Any, ClassVar

from pydantic import PositiveFloat

from relation.numeric.lazy import ops
from relation.spec import Frozen, LabelKind, Relation
from trainer_module.ops import Tensor, as_float32


class Loss(Frozen, abc.ABC):
    """Parameters of a loss of any family, and what it needs of a recipe and of its data.

    Data, checks and objectives read the needs; none of them knows the name of a loss.
    """

    heads: ClassVar[frozenset[str] | None] = None
    """Names of the heads that it works with; None = any of its family."""
    needs_logits: ClassVar[bool] = False
    """Whether the head must return logits."""
    needs_values: ClassVar[bool] = False
    """Whether it compares the output of the head itself with the label. A head of logits
    serves the sigmoid of its output, which would be another value than was learnt."""
    orders_only: ClassVar[bool] = False
    """Whether only the order of labels and differences of answers count, so that the level of the
    answers is arbitrary, and equal labels have no loss."""
    needs_several_columns: ClassVar[bool] = False
    """Whether it compares the columns of one tuple, so that a tuple of one has no loss."""
    labels: ClassVar[frozenset[LabelKind] | None] = None
    """The kinds of label that it reads; None = any of its family."""
    needs_frozen_tower: ClassVar[bool] = False
    """Whether the tower of right members must be frozen, and that of left members not."""
    needs_keys: ClassVar[bool] = False
    """Whether it compares members of different tuples, and so needs hashes of their ids, and keys
    that define who is related."""
    needs_groups: ClassVar[bool] = False
    """Whether it also needs the group of each member, from the source same_label."""
    needs_proxies: ClassVar[bool] = False
    """Whether its columns are learnt proxies of groups, not members of the batch."""
    needs_tag_weights: ClassVar[bool] = False
    """Whether its call takes `weights`, [tags]: 1 / number of training entities with the tag."""
    whole_batch: ClassVar[bool] = False
    """Whether it returns one scalar for the batch, and its call takes `weight`, [batch]."""

    @property
    def needs_log_q(self) -> bool:
        """Whether its call takes `log_q`, the log-probability that each candidate is drawn."""
        return False

    def check(self, relation: Relation) -> None:
        """Raises ValueError if it cannot learn from tuples of this relation."""

    @abc.abstractmethod
    def __call__(self, *arrays: Any, **needed: Any) -> Tensor:
        """Loss [batch] of the arrays of its family, and of what it needs."""


class WholeBatch(Loss):
    """A loss that is not a sum over rows: it returns one scalar, [].

    Its call takes `weight`, [batch] or None = 1 each, beside the arguments of its family. A weight
    of w counts like w copies of the row, so 0 leaves the row out.
    """

    whole_batch: ClassVar[bool] = True


class TupleLoss(Loss):
    """Parameters of a loss of relatedness, and the loss of every tuple."""

    @abc.abstractmethod
    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        """[batch, comparisons] of 1/0, [batch, comparisons] from the head -> loss [batch]."""


class ListLoss(Loss):
    """Parameters of a listwise loss, and the loss of every list."""

    @abc.abstractmethod
    def __call__(self, grades: Tensor, scores: Tensor) -> Tensor:
        """[batch, length], [batch, length] -> [batch].

        Args:
          grades: ≥ 0, higher = more relevant; negative where there is no document (padding, which
            may hold any score).
          scores: any real numbers, higher = ranked first.

        Returns:
          The loss of each list; 0 of a list without documents.
        """


class BatchLoss(Loss):
    """Parameters of a loss within a batch, and the loss of every row against all columns.

    Columns are the candidates of every row: the other side of each tuple of the batch, further
    hard negatives, entries of a memory, or proxies. For one set of embeddings against itself the
    scores are square and the diagonal is not valid.
    """

    needs_keys: ClassVar[bool] = True
    every_positive: ClassVar[bool] = False
    """Whether all columns known to be related are positives of a row, as in papers on losses with
    several positives; otherwise only that of its own tuple is, and the others are not valid."""

    @abc.abstractmethod
    def __call__(
        self, scores: Tensor, positive: Tensor, valid: Tensor, log_q: Tensor | None = None
    ) -> Tensor:
        """[batch, columns] thrice -> [batch].

        Args:
          scores: relatedness of row and column, higher = more related.
          positive: bool, whether they are related.
          valid: bool; columns that are False enter neither value nor gradient (a row itself,
            accidental hits, padding).
          log_q: float [columns], log of the probability of each column to be in a batch; only for
            losses by softmax.

        Returns:
          The loss of each row; 0 where it is not `defined`.

        Raises:
          ValueError: `log_q` for a loss without logQ correction.
        """

    def defined(self, positive: Tensor, valid: Tensor) -> Tensor:
        """Rows that have a loss, bool [batch]: here, those with a positive.

        Others return 0; a mean "over anchors with positives" leaves them out of its weights.
        """
        return ops.any(sides(positive, valid)[0], axis=-1)


class RowLoss(BatchLoss):
    """A loss within a batch that is computed row by row."""

    def __call__(
        self, scores: Tensor, positive: Tensor, valid: Tensor, log_q: Tensor | None = None
    ) -> Tensor:
        scores = ops.where(valid, self._scaled(as_float32(scores), log_q), 0.0)
        return self._rows(scores, *sides(positive, valid))

    def _scaled(self, scores: Tensor, log_q: Tensor | None) -> Tensor:
        """Prepares scores [batch, columns] for `_rows`."""
        refuse_log_q(self, log_q)
        return scores

    @abc.abstractmethod
    def _rows(self, scores: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """The loss [batch] of scores [batch, columns]; the masks hold valid columns only."""


class SoftmaxLoss(RowLoss):
    """A loss within a batch that reads scores as logits: first temperature, then logQ, then masks.

    The logQ correction subtracts log_q from the logits of every
    column, positives included (Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large
    Corpus Item Recommendations", RecSys 2019, equation 3).
    """

    temperature: PositiveFloat
    """τ, which divides the scores."""

    def _scaled(self, scores: Tensor, log_q: Tensor | None) -> Tensor:
        logits = scores / self.temperature
        return logits if log_q is None else logits - ops.cast(log_q, logits.dtype)


class TagLoss(Loss):
    """Parameters of a loss of tags, and the loss of every example: the mean over its tags."""

    def __call__(self, labels: Tensor, logits: Tensor, weights: Tensor | None = None) -> Tensor:
        """[batch, tags], [batch, tags], [tags] or None -> [batch].

        Args:
          labels: in [0, 1], 1 = has the tag.
          logits: any real numbers; their sigmoid is the probability of the tag.
          weights: ≥ 0, of each tag: a factor of its loss; the mean is over the number of tags.
        """
        losses = self._tags(as_float32(labels), as_float32(logits))
        if weights is not None:
            losses = losses * ops.cast(weights, losses.dtype)
        return ops.mean(losses, axis=-1)

    @abc.abstractmethod
    def _tags(self, labels: Tensor, logits: Tensor) -> Tensor:
        """The loss of each tag, [batch, tags]."""


class ValueLoss(Loss):
    """Parameters of a loss of predicted numbers, and the loss of every example."""

    @abc.abstractmethod
    def __call__(self, targets: Tensor, predictions: Tensor) -> Tensor:
        """[batch, values], [batch, values] -> [batch]."""


class ImageLoss(Loss):
    """Parameters of a loss of predicted images, and the loss of every image."""

    @abc.abstractmethod
    def __call__(self, targets: Tensor, predictions: Tensor) -> Tensor:
        """[batch, height, width, channels] twice, of values in [0, 1] -> [batch]."""


def sides(positive: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """The positives and the negatives among the valid columns.

    All arguments and both results are bool [batch, columns].
    """
    return ops.logical_and(positive, valid), ops.logical_and(ops.logical_not(positive), valid)


def refuse_log_q(loss: BatchLoss, log_q: Tensor | None) -> None:
    """Raise ValueError unless `log_q`, float [columns], is None."""
    if log_q is not None:
        raise ValueError(
            f"{type(loss).__name__} has no logQ correction; only softmax losses have one"
        )
