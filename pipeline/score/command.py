"""The command line of scoring."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.score import table_file
from pipeline.score.answers import Answers
from pipeline.score.neighbours import EntityEmbeddings, nearest
from pipeline.score.rows import EntityRow, Skipped, batches, entity_rows, pair_ids
from relation.core.errors import DataError, UserError

USER_ERROR = 2
"""Exit status for an error that the user can fix."""
EPILOG = """
What is written: embeddings (id, embedding); with --pairs scores (left, right, score); with
--neighbours the nearest rows (query, rank, neighbour, distance or similarity). A model of tags, or
of a ranking by documents alone, scores each row (id, and score or a column a tag).
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(arguments)
    skipped: Skipped | None = Counter() if options.skip_bad_rows else None
    try:
        if options.output is not None:
            table_file.check_format(options.output)
        answers = Answers(options.model)
        patterns = _patterns(options.rows, answers)
        inputs = Inputs(answers, patterns, options.number_rows, skipped)
        count = table_file.write(_some(_tables(options, inputs), skipped), options.output)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return USER_ERROR
    for reason, number in sorted((skipped or {}).items()):
        print(f"skipped {number:,}: {reason}", file=sys.stderr)
    if options.output is not None:
        print(f"{count:,} rows written to {options.output}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.score",
        description="Answers of a pushed model to rows of files, in any format that recipes take.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("model", help="a SavedModel: runs/<recipe>/serving/<version>")
    parser.add_argument(
        "rows",
        nargs="+",
        metavar="[TYPE=]ROWS",
        help="file or glob of the entities; TYPE is their entity type, needed where there are two",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--pairs", help="file or glob of pairs: columns `left` and `right` of ids")
    what.add_argument("--neighbours", type=int, metavar="K", help="the K nearest rows of each")
    parser.add_argument("--among", metavar="ROWS", help="with --neighbours: rows to search instead")
    what.add_argument(
        "--embeddings", action="store_true", help="embeddings, where scores are the default"
    )
    parser.add_argument("--output", metavar="FILE", help=".csv or .parquet; default: CSV to stdout")
    parser.add_argument(
        "--number-rows", action="store_true", help="rows have no ids: their numbers are the ids"
    )
    parser.add_argument(
        "--skip-bad-rows", action="store_true", help="count records that cannot be used, and go on"
    )
    return parser


@dataclass(frozen=True)
class Inputs:
    """The model, and what its rows are read from.

    Fields:
      answers: the model.
      patterns: path or glob of each entity type.
      numbered: whether rows have no ids, so that they are numbered.
      skipped: see `entity_rows`.
    """

    answers: Answers
    patterns: Mapping[str, str]
    numbered: bool
    skipped: Skipped | None

    def rows(self, entity: str, pattern: str | None = None) -> Iterator[EntityRow]:
        """Yield the entities of a type, of its own pattern or another.

        Raises:
          UserError: the type has no pattern; see `entity_rows`, too.
        """
        if pattern is None and entity not in self.patterns:
            raise UserError(f"expected rows of {entity!r} too: {entity}=GLOB")
        pattern = pattern or self.patterns[entity]
        return entity_rows(pattern, self.answers.interface, entity, self.numbered, self.skipped)


def _some(tables: Iterator[pa.Table], skipped: Skipped | None) -> Iterator[pa.Table]:
    """Yield the tables; it is an error if there is no row."""
    empty = True
    for table in tables:
        empty = empty and not table.num_rows
        yield table
    if empty:
        reasons = "".join(f"; {n:,} skipped: {why}" for why, n in (skipped or {}).items())
        raise DataError(f"no row has an answer{reasons}")


def _patterns(items: Sequence[str], answers: Answers) -> dict[str, str]:
    """The pattern of each entity type that is named, in the relation's order."""
    entities = answers.interface.relation.entities
    patterns: dict[str, str] = {}
    for item in items:
        name, equals, pattern = item.partition("=")
        if not equals or name not in entities:
            if len(entities) > 1:
                raise UserError(
                    f"got {item!r}; expected TYPE={item}, TYPE one of {_list(entities)}"
                )
            name, pattern = entities[0], item
        if name in patterns:
            raise UserError(f"{name}: got {patterns[name]!r} and {pattern!r}; expected one glob")
        patterns[name] = pattern
    return {entity: patterns[entity] for entity in entities if entity in patterns}


def _tables(options: argparse.Namespace, inputs: Inputs) -> Iterator[pa.Table]:
    """Answer what the options ask for."""
    answers = inputs.answers
    if options.among is not None and options.neighbours is None:
        raise UserError("--among: expected --neighbours beside it")
    if options.pairs is not None:
        yield from _pairs(options.pairs, inputs)
    elif options.neighbours is not None:
        yield _neighbours(options.neighbours, options.among, inputs)
    else:
        entity, *others = inputs.patterns
        if others:
            raise UserError(f"got rows of {_list(inputs.patterns)}; expected one entity type")
        alone = len(answers.interface.scored) == 1 and not options.embeddings
        for batch in batches(inputs.rows(entity)):
            yield answers.scores(batch) if alone else answers.embeddings(entity, batch)


def _pairs(pattern: str, inputs: Inputs) -> Iterator[pa.Table]:
    """Scores of the pairs of a file."""
    interface, skipped = inputs.answers.interface, inputs.skipped
    if len(interface.scored) != 2:
        raise UserError("--pairs: the model scores one row at a time; leave --pairs out")
    entities = [interface.relation.entity_of(role) for role in interface.scored]
    members = {entity: _by_id(inputs.rows(entity), entity) for entity in dict.fromkeys(entities)}
    lefts, rights = (members[entity] for entity in entities)

    def known(pair: tuple[str, str]) -> bool:
        for one, those, entity in zip(pair, (lefts, rights), entities, strict=True):
            if one not in those:
                if skipped is None:
                    raise DataError(f"{pattern}: got the id {one!r}, which no row of {entity} has")
                skipped["names an id that no row has"] += 1
                return False
        return True

    for batch in batches(filter(known, pair_ids(pattern, skipped))):
        yield inputs.answers.pairs(batch, lefts, rights)


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


def _neighbours(count: int, among: str | None, inputs: Inputs) -> pa.Table:
    """Neighbours among rows of the other type, of `among`, or among the rows themselves."""
    similarity = inputs.answers.interface.similarity
    if count < 1:
        raise UserError(f"--neighbours: got {count}; expected a number from 1")
    if similarity is None:
        raise UserError("--neighbours: the model's head does not say which embeddings are near")
    first, *others = inputs.patterns
    searched = others[0] if others else first
    queries = _population(inputs, first, None)
    references = (
        queries if first == searched and among is None else _population(inputs, searched, among)
    )
    # Numbers of the rows of two files say nothing of each other.
    same = references is queries or (first == searched and not inputs.numbered)
    return nearest(queries, references, count, similarity, same)


def _population(inputs: Inputs, entity: str, pattern: str | None) -> EntityEmbeddings:
    ids: list[str] = []
    vectors = []
    for batch in batches(inputs.rows(entity, pattern)):
        ids += [row.id for row in batch]
        vectors.append(inputs.answers.embed(entity, batch))
    if not ids:
        raise DataError(f"{pattern or inputs.patterns[entity]}: holds no usable row")
    return EntityEmbeddings(ids, np.concatenate(vectors))


def _list(names: Sequence[str] | Mapping[str, str]) -> str:
    return ", ".join(names)
