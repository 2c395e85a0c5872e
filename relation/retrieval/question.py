"""The retrieval that measures the embeddings of a relation."""

from __future__ import annotations

from typing import Literal, NamedTuple

from relation.compiled import CompiledRelation

Relevance = Literal["label", "edges", "tuples"]


class Question(NamedTuple):
    """Queries, held-out entities of one type, retrieve references of the same type or another.

    Attributes:
      query, reference: the entity types.
      relevant: a reference is relevant if it shares a label with the query; if an edge relates
        them; or if both are in one tuple whose label does not say "unrelated".
    """

    query: str
    reference: str
    relevant: Relevance

    @classmethod
    def of(cls, compiled: CompiledRelation, similarity: str | None) -> Question | None:
        """The question of a relation; None if its embeddings do not learn nearness.

        Args:
          compiled: the relation.
          similarity: how the model's head compares embeddings; None if it does not.
        """
        if similarity is None or compiled.relevance is None:
            return None
        return cls(compiled.anchor, compiled.candidate, compiled.relevance)

    @property
    def same(self) -> bool:
        """Whether queries and references are of one entity type."""
        return self.query == self.reference
