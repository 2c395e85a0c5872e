"""The source `same_label`: rows that share a value of a feature are related."""

from typing import ClassVar, Literal

from relation.compiled import (
    NO_LABEL,
    SEVERAL_LABELS,
    KeyColumn,
    Relationships,
    RowRequirements,
)
from relation.core.errors import Faults, RecipeError
from relation.sources.base import (
    NEGATIVES,
    RELATED,
    SAMPLING,
    Context,
    Source,
    expect_no_id,
    expect_one_type,
)
from relation.sources.column_requirements import group_key
from relation.sources.lookup import wrong


class SameLabel(Source):
    """Rows are related when they share a value of a categorical feature."""

    relation_types: ClassVar[tuple[str, ...]] = RELATED

    type: Literal["same_label"]
    feature: str
    """The feature: bytes or integers. A row may have several values of it."""

    def check(self, context: Context) -> None:
        """See `Source`."""
        faults = Faults()
        faults.check(expect_one_type, context, self)
        entity, field = self.primary(context.data), "relation.source.feature"
        if faults.check(context.expect_key, field, entity, self.feature):
            faults.check(expect_no_id, context, field, entity, self.feature)
            several = context.features(entity)[self.feature].width > 1
            if several or context.negatives.where != "anywhere":
                faults.check(_check_no_anchor_counts, context)
        faults.check(_check_counts, context)
        faults.check(self._check_negatives, context)
        faults.raise_any()

    def _check_negatives(self, context: Context) -> None:
        """Checks options of negatives: labels are groups, and the anchor's own has no negatives."""
        negatives = context.negatives
        if negatives.draw == "popularity" and negatives.feature is None:
            raise RecipeError(
                f"{NEGATIVES}.feature: missing; expected a feature that holds counts, since draw: "
                "popularity has no edges to count"
            )
        if negatives.where == "within" and negatives.group == self.feature:
            raise RecipeError(
                f"{NEGATIVES}.where: got 'within'; all rows with the anchor's {self.feature!r} are "
                "its positives: expected another group"
            )
        if negatives.draw == "groups" and negatives.group not in (None, self.feature):
            raise wrong(
                f"{NEGATIVES}.group", negatives.group, "none, since the labels are the groups"
            )

    def compile(self, context: Context) -> Relationships:
        """See `Source`."""
        entity = self.primary(context.data)
        several = context.features(entity)[self.feature].width > 1
        label = KeyColumn(
            name=self.feature, absent=NO_LABEL, several=None if several else SEVERAL_LABELS
        )
        negatives = context.negatives
        group = negatives.group if negatives.where != "anywhere" else None
        return Relationships(
            structure="groups",
            anchor=entity,
            candidate=entity,
            label_by=self.feature,
            group_by=self.feature,
            multi_valued=several,
            rows={
                entity: RowRequirements(
                    keys=(label, *([] if group is None else [group_key(group)])),
                    group_by=self.feature,
                    negative_group=group,
                )
            },
            withheld={entity: (self.feature,)},
            relevance="label",
            batch_group=self.feature,
        )


def _check_counts(context: Context) -> None:
    """Refuses to list all pairs of a label, which are too many."""
    sampling = context.sampling
    if None in (sampling.positives, sampling.per_anchor):
        raise RecipeError(
            f"{SAMPLING}.{context.count_field}: got 'all'; expected a number, since the pairs of a "
            "label grow with the square of its rows"
        )
    if sampling.known_positives:
        raise RecipeError(
            f"{SAMPLING}.known_positives: got {sampling.known_positives}; expected 0, since all "
            "rows with a label are known positives of each other"
        )


def _check_no_anchor_counts(context: Context) -> None:
    """Refuses counts of anchors and positives, which need one label for each row."""
    sampling = context.sampling
    for field, value in (
        ("balance", sampling.balance),
        *((f"caps.{name}", value) for name, value in sampling.caps.model_dump().items()),
    ):
        if value is not None:
            raise RecipeError(
                f"{SAMPLING}.{field}: got {value}; expected none, since it needs rows with one "
                "label each and negatives from anywhere"
            )
