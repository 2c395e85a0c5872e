"""Sources of relationships: their base class, their registry, and how a recipe names one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from relation.compiled import CompiledSampling, Relationships
from relation.core.errors import RecipeError
from relation.core.registry import Registry
from relation.data import Data
from relation.sampling import Negatives
from relation.sources.lookup import Lookup, wrong
from relation.spec import Frozen, LabelKind, Role

SAMPLING, NEGATIVES = "relation.sampling", "relation.sampling.negatives"
DEFAULT_NEGATIVES = Negatives()
RELATED = ("pairs", "triplets", "ntuples")
"""Relation types that only need to know who is related."""
_COUNT_FIELDS = dict(
    zip(RELATED, ("positives_per_anchor", "triplets_per_anchor", "tuples_per_anchor"), strict=True)
)


class TupleMembers(NamedTuple):
    """The relation type `rows`' description of inline tuples."""

    roles: tuple[Role, ...]
    label: str | None
    """The column that holds the label."""
    kind: LabelKind


@dataclass(frozen=True)
class Context(Lookup):
    """What a source may read: data, schemas, and the rest of the recipe's `relation`."""

    relation_type: str
    sampling: CompiledSampling
    members: TupleMembers | None = None

    @property
    def negatives(self) -> Negatives:
        """How negatives are drawn."""
        return self.sampling.negative_sampler or DEFAULT_NEGATIVES

    @property
    def count_field(self) -> str:
        """The option of sampling that sets the number of tuples of an anchor."""
        return _COUNT_FIELDS[self.relation_type]


class Source(Frozen):
    """A source of relationships: the part of a recipe under `relation.source`.

    To add one, subclass this, with the recipe's keys as fields and `type` as a `Literal` of its
    name, and register the class: `@SOURCES.register("<name>")` in a plug-in, a line below for one
    of our own. `docs/how-to/add-a-source.md` has an example.
    """

    relation_types: ClassVar[tuple[str, ...]]
    """The relation types that it serves."""
    holds_members: ClassVar[bool] = False
    """Whether the rows of `table` hold the members of tuples."""

    type: str

    @property
    def table(self) -> str | None:
        """The name in `data.edges` that the source reads, if it reads one."""
        return None

    def primary(self, data: Data) -> str:
        """The entity type that labels, slices and the report are of: by default the first."""
        return next(iter(data.entities))

    def brings(self, data: Data) -> tuple[str, ...]:
        """The entity types whose rows come with the source, and are in no files of their own."""
        return ()

    def check(self, context: Context) -> None:
        """Checks what the source names, and which options of sampling it can serve.

        Raises:
          RecipeError: the message names field, received value and what was expected.
        """

    def compile(self, context: Context) -> Relationships:
        """Compiles a valid recipe: who is related to whom, and what rows must hold."""
        raise NotImplementedError


SOURCES: Registry[Source] = Registry(
    "source",
    {
        "same_label": "relation.sources.same_label.SameLabel",
        "edges": "relation.sources.edges.EdgeSource",
        "labels": "relation.sources.labels.Labels",
        "graded_group": "relation.sources.graded_group.GradedGroup",
        "row": "relation.sources.inline.Inline",
        "function": "relation.sources.function.Function",
    },
)


class ServedBy(NamedTuple):
    """Annotates the field `source` of a relation type: any registered source that serves it."""

    relation_type: str

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validated)

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        served = dict(self._served())
        return {"oneOf": [handler(cls.__pydantic_core_schema__) for cls in served.values()]}

    def _served(self) -> Iterator[tuple[str, type[Source]]]:
        for name in SOURCES:
            if self.relation_type in (cls := SOURCES[name]).relation_types:
                yield name, cls

    def _validated(self, value: Any) -> Source:
        """The source of a mapping, or the source itself.

        Raises:
          PydanticKnownError, ValidationError: pydantic takes them up, with the fields they name.
        """
        served = dict(self._served())
        if isinstance(value, Source) and type(value) in served.values():
            return value
        if not isinstance(value, dict):
            raise PydanticKnownError("dict_type")
        if "type" not in value:
            raise PydanticKnownError("union_tag_not_found", {"discriminator": "'type'"})
        cls = served.get(value["type"]) if isinstance(value["type"], str) else None
        if cls is None:
            tags = {"tag": str(value["type"]), "expected_tags": ", ".join(map(repr, served))}
            raise PydanticKnownError("union_tag_invalid", {"discriminator": "'type'", **tags})
        return cls.model_validate(value)


def expect_no_id(context: Context, field: str, table: str, name: str) -> None:
    """Refuses an id as the value that rows share, since ids are distinct."""
    if name == context.id_of(table).name:
        raise wrong(field, name, "a feature whose values rows share, not their id")


def expect_one_type(context: Context, source: Source) -> None:
    """Refuses a second entity type."""
    if len(context.data.entities) > 1:
        raise RecipeError(
            f"data.entities: got {', '.join(context.data.entities)}; the source "
            f"{source.type!r} relates one entity type to itself"
        )


def expect_no_anchor_groups(context: Context) -> None:
    """Refuses options that count anchors or positives of a group, where anchors have no groups."""
    sampling = context.sampling
    for field, value in (
        ("balance", sampling.balance),
        ("caps.anchors_per_group", sampling.caps.anchors_per_group),
        ("caps.positives_per_group", sampling.caps.positives_per_group),
    ):
        if value is not None:
            raise RecipeError(
                f"{SAMPLING}.{field}: got {value}; only the source `same_label` has groups of "
                "anchors: expected none. To bound the tuples of each anchor, set "
                f"{context.count_field} to a number; to bound how often an entity is a positive, "
                "set caps.positives_per_entity"
            )


def expect_used(context: Context, used: set[str], by: str) -> None:
    """Refuses an entity type that the relation does not use."""
    for name in context.data.entities:
        if name not in used:
            raise wrong("data.entities", name, f"only types that {by} name: {', '.join(used)}")
