"""What can be asked of a model about rows, and the tables of its answers."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import tensorflow as tf

from pipeline.score.answers import Answers
from pipeline.score.neighbours import EntityEmbeddings, nearest
from pipeline.score.rows import (
    EntityRow,
    Rejections,
    batches,
    entity_rows,
    id_of,
    member_types,
    pair_ids,
    table_rows,
)
from relation.core.errors import DataError, UserError


@dataclass(frozen=True)
class Inputs:
    """The model, and what its rows are read from.

    Fields:
      answers: the model.
      patterns: path or glob of each entity type, or of inline tuples.
      numbered: whether rows have no ids, so that they are numbered.
      rejections: takes the records that are not used.
      first: number of rows, pairs or queries to answer; None: all.
    """

    answers: Answers
    patterns: Mapping[str, str]
    numbered: bool
    rejections: Rejections
    first: int | None = None

    def rows(
        self, entity: str, pattern: str | None = None, group: str | None = None
    ) -> Iterator[EntityRow]:
        """Yield the entities of a type.

        Args:
          entity: the type.
          pattern: where they are; None: in its own pattern.
          group: a further column to read; None: none.

        Raises:
          UserError: the type has no pattern; see `entity_rows`, too.
        """
        if pattern is None and entity not in self.patterns:
            raise UserError(f"expected rows of {entity!r} too: {entity}=GLOB")
        pattern, interface = pattern or self.patterns[entity], self.answers.interface
        return entity_rows(pattern, interface, entity, self.numbered, self.rejections, group)


def each_row(inputs: Inputs, embeddings: bool) -> Iterator[pa.Table]:
    """Answer for each row what the model says of it alone, or of the members that it holds.

    Args:
      inputs: the model and its rows.
      embeddings: whether embeddings are asked for, where there are scores.
    """
    answers, compiled = inputs.answers, inputs.answers.interface.compiled
    entity, *others = inputs.patterns
    table = None if compiled is None else compiled.tuple_table
    if table is not None and entity == table.name:
        yield from _inline_tuples(inputs, entity)
        return
    if others and compiled and compiled.query and len(answers.interface.scored) == 2:
        yield from _ranked(inputs, compiled.candidate, compiled.query, compiled.group_by or "")
        return
    if others:
        listed = ", ".join(inputs.patterns)
        raise UserError(f"got rows of {listed}; expected one entity type")
    scored = [answers.interface.relation.entity_of(role) for role in answers.interface.scored]
    for batch in batches(itertools.islice(inputs.rows(entity), inputs.first)):
        if embeddings or entity != scored[0]:
            yield answers.embeddings(entity, batch)
        elif len(scored) == 1:
            yield answers.scores(batch)
        elif answers.scores_labels:
            yield answers.labels(batch)
        else:
            yield answers.embeddings(entity, batch)


def _inline_tuples(inputs: Inputs, table: str) -> Iterator[pa.Table]:
    """Scores of rows that hold both members."""
    interface = inputs.answers.interface
    if len(interface.scored) != 2:
        raise UserError(f"{table}: the model scores one member alone")
    types = member_types(interface, table)
    pattern = inputs.patterns[table]
    rows = table_rows(pattern, interface, table, types, {}, inputs.rejections, others=True)
    number = 1
    for batch in batches(itertools.islice(rows, inputs.first)):
        yield inputs.answers.tuples([row.SerializeToString() for row in batch], number)
        number += len(batch)


def _ranked(inputs: Inputs, document: str, query: str, group: str) -> Iterator[pa.Table]:
    """Scores of documents for the query that they name in the column `group`."""
    queries, documents = _by_id(inputs.rows(query), query), {}
    pairs = []
    for row in inputs.rows(document, group=group):
        documents[row.id] = row.example
        features = tf.train.Example.FromString(row.example).features.feature
        if group in features:
            pairs.append((id_of(features, group), row.id))
    for batch in batches(itertools.islice(_present(pairs, queries, inputs, query), inputs.first)):
        yield inputs.answers.pairs(batch, queries, documents)


def pairs(pattern: str, inputs: Inputs) -> Iterator[pa.Table]:
    """Answer the scores of the pairs of a file."""
    interface, rejections = inputs.answers.interface, inputs.rejections
    if len(interface.scored) != 2:
        raise UserError("--pairs: the model scores one row at a time; leave --pairs out")
    entities = [interface.relation.entity_of(role) for role in interface.scored]
    members = {entity: _by_id(inputs.rows(entity), entity) for entity in dict.fromkeys(entities)}
    lefts, rights = (members[entity] for entity in entities)

    def is_there(pair: tuple[str, str]) -> bool:
        for one, those, entity in zip(pair, (lefts, rights), entities, strict=True):
            if one not in those:
                rejections.unknown_id(pattern, one, entity)
                return False
        return True

    usable = filter(is_there, pair_ids(pattern, interface, rejections))
    for batch in batches(itertools.islice(usable, inputs.first)):
        yield inputs.answers.pairs(batch, lefts, rights)


def _present(
    named: list[tuple[str, str]], queries: Mapping[str, bytes], inputs: Inputs, query: str
) -> Iterator[tuple[str, str]]:
    for pair in named:
        if pair[0] in queries:
            yield pair
        else:
            inputs.rejections.unknown_id(inputs.patterns[query], pair[0], query)


def _by_id(rows: Iterator[EntityRow], entity: str) -> dict[str, bytes]:
    """The serialized entities by id.

    Raises:
      DataError: two rows have one id, but other features.
    """
    members: dict[str, bytes] = {}
    for row in rows:
        if members.setdefault(row.id, row.example) != row.example:
            raise DataError(f"{entity}: two different rows have the id {row.id!r}; expected one")
    return members


def neighbours(count: int, among: str | None, inputs: Inputs) -> pa.Table:
    """Answer the neighbours among rows of the other type, of `among`, or among the rows themselves.

    Where there are two types, the neighbours are of the one that anchors or queries are not of.
    """
    interface = inputs.answers.interface
    if count < 1:
        raise UserError(f"--neighbours: got {count}; expected a number from 1")
    if interface.similarity is None:
        raise UserError("--neighbours: the model's head does not say which embeddings are near")
    asking = interface.relation.entity_of(interface.scored[0])
    first, *others = sorted(inputs.patterns, key=lambda entity: entity != asking)
    searched = others[0] if others else first
    queries = _population(inputs, first, None)
    references = (
        queries if first == searched and among is None else _population(inputs, searched, among)
    )
    # Numbers of the rows of two files say nothing of each other.
    same = references is queries or (first == searched and not inputs.numbered)
    chosen = EntityEmbeddings(queries.ids[: inputs.first], queries.vectors[: inputs.first])
    return nearest(chosen, references, count, interface.similarity, same)


def _population(inputs: Inputs, entity: str, pattern: str | None) -> EntityEmbeddings:
    ids: list[str] = []
    vectors = []
    for batch in batches(inputs.rows(entity, pattern)):
        ids += [row.id for row in batch]
        vectors.append(inputs.answers.embed(entity, batch))
    if not ids:
        raise DataError(f"{pattern or inputs.patterns[entity]}: holds no usable row")
    return EntityEmbeddings(ids, np.concatenate(vectors))
