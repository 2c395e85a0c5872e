"""The source `labels`: rows are related to their own labels."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from relation import schema as schemas
from relation.compiled import (
    NO_LABEL,
    KeyColumn,
    Label,
    NumberColumn,
    Relationships,
    RowRequirements,
)
from relation.core.errors import Faults, RecipeError
from relation.data import Data
from relation.sources.base import (
    NEGATIVES,
    RELATED,
    Context,
    Source,
    expect_no_anchor_groups,
    expect_one_type,
)
from relation.sources.column_requirements import grouped_rows
from relation.sources.lookup import wrong


class Labels(Source):
    """Rows are related to their own labels: the values of a feature with a domain in the schema."""

    relation_types: ClassVar[tuple[str, ...]] = (*RELATED, "tags")

    type: Literal["labels"]
    feature: str
    """The feature; the schema lists its values or bounds them."""
    confidence: str | None = None
    """A feature with one number in [0, 1] for each value of `feature`."""
    levels: int = Field(1, ge=1, le=100)
    """Above 1 those numbers are grades instead: whole, from 0 (as if the value was not there) to
    `levels`."""

    @model_validator(mode="after")
    def _levels_of_a_confidence(self) -> "Labels":
        if self.levels > 1 and self.confidence is None:
            raise ValueError("`levels` needs `confidence`, the feature that holds the grades")
        return self

    def brings(self, data: Data) -> tuple[str, ...]:
        """See `Source`: a second entity type holds the labels themselves."""
        return tuple(name for name in data.entities if name != self.primary(data))

    def check(self, context: Context) -> None:
        """See `Source`."""
        entity, faults = self.primary(context.data), Faults()
        faults.check(context.expect_domain, "relation.source.feature", entity, self.feature)
        faults.check(self._check_confidence, context)
        if context.relation_type == "tags":
            faults.check(expect_one_type, context, self)
        else:
            faults.check(self._check_label_entity, context)
            faults.check(expect_no_anchor_groups, context)
            faults.check(_check_negatives, context)
        faults.raise_any()

    def _check_confidence(self, context: Context) -> None:
        """A number for each label."""
        if self.confidence is None:
            return
        entity, field = self.primary(context.data), "relation.source.confidence"
        confidence = context.expect_numbers(field, entity, self.confidence)
        labels = context.features(entity).get(self.feature, confidence)
        if confidence.width != labels.width:
            raise RecipeError(
                f"{field}: got {self.confidence!r}, of {confidence.width} values; expected "
                f"{labels.width}, as {self.feature!r} has"
            )

    def _check_label_entity(self, context: Context) -> None:
        """Labels that fill a role are a second entity type, whose rows have only ids."""
        if self.confidence is not None:
            raise RecipeError(
                f"relation.source.confidence: got {self.confidence!r}; only tags carry it, and the "
                f"relation is of type {context.relation_type}"
            )
        data, primary = context.data, self.primary(context.data)
        if not self.brings(data):
            raise RecipeError(
                f"data.entities: got {', '.join(data.entities)}; the source `labels` needs a "
                "second entity type, without a path, for the labels themselves"
            )
        label = self.brings(data)[0]
        key = context.id_of(label).name
        feature = context.expect("relation.source.feature", primary, self.feature)
        context.expect_type(f"data.entities.{label}.id", label, key, feature, repr(self.feature))
        beside = [name for name in context.features(label) if name != key]
        if beside:
            raise RecipeError(
                f"data.entities.{label}.schema: {context.paths[label]} has {beside[0]!r}; labels "
                f"have no feature except their id, {key!r}"
            )

    def compile(self, context: Context) -> Relationships:
        """See `Source`."""
        entity, generated = self.primary(context.data), self.brings(context.data)
        tagged = context.relation_type == "tags"
        domain = schemas.domain_of(context.schemas[entity], self.feature) or ()
        candidate = generated[0] if generated else entity
        grouped = grouped_rows(context, entity, candidate)
        labels = KeyColumn(name=self.feature, absent=None if tagged else NO_LABEL, several=None)
        confidence = self.confidence
        numbers = [] if confidence is None else [NumberColumn(name=confidence, absent=None)]
        own = grouped.get(entity, RowRequirements())
        return Relationships(
            structure="tags" if tagged else "edges",
            anchor=entity,
            candidate=candidate,
            label=Label(width=len(domain) if tagged else 1, domain=domain),
            label_by=self.feature,
            rows={
                **grouped,
                entity: own.model_copy(
                    update={
                        "keys": (*own.keys, labels),
                        "numbers": tuple(numbers),
                        "labels": self.feature,
                        "confidence": confidence,
                        "levels": self.levels,
                    }
                ),
            },
            generated=generated,
            withheld={entity: tuple(filter(None, (self.feature, confidence)))},
        )


def _check_negatives(context: Context) -> None:
    """Refuses groups and counts of labels, which have only ids."""
    negatives = context.negatives
    if negatives.draw == "groups":
        raise wrong(f"{NEGATIVES}.draw", "groups", "another value, since labels have no groups")
    for field, value in (("group", negatives.group), ("feature", negatives.feature)):
        if value is not None:
            raise wrong(
                f"{NEGATIVES}.{field}", value, "none, since labels have no feature except their id"
            )
