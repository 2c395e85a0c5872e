"""The command line of scoring."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

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
        rows = _rows(options.rows, answers)
        count = table_file.write(_tables(options, answers, rows, skipped), options.output)
        if not count:
            raise DataError(
                "no row can be used"
                + "".join(f"; {n:,} {why}" for why, n in (skipped or {}).items())
            )
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
        "--skip-bad-rows", action="store_true", help="count records that cannot be used, and go on"
    )
    return parser


def _rows(items: Sequence[str], answers: Answers) -> dict[str, str]:
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


def _tables(
    options: argparse.Namespace,
    answers: Answers,
    patterns: Mapping[str, str],
    skipped: Skipped | None,
) -> Iterator[pa.Table]:
    interface = answers.interface

    def rows(entity: str) -> Iterator[EntityRow]:
        if entity not in patterns:
            raise UserError(f"expected rows of {entity!r} too: {entity}=GLOB")
        return entity_rows(patterns[entity], interface, entity, skipped)

    if options.among is not None and options.neighbours is None:
        raise UserError("--among: expected --neighbours beside it")
    if options.pairs is not None:
        yield from _pairs(options.pairs, answers, rows, skipped)
    elif options.neighbours is not None:
        yield _neighbours(options, answers, patterns, skipped)
    else:
        entity, *others = patterns
        if others:
            raise UserError(f"got rows of {_list(patterns)}; expected one entity type")
        alone = len(interface.scored) == 1 and not options.embeddings
        for batch in batches(rows(entity)):
            yield answers.scores(batch) if alone else answers.embeddings(entity, batch)


def _pairs(
    pattern: str,
    answers: Answers,
    rows: Callable[[str], Iterator[EntityRow]],
    skipped: Skipped | None,
) -> Iterator[pa.Table]:
    interface = answers.interface
    if len(interface.scored) != 2:
        raise UserError("--pairs: the model scores one row at a time; leave --pairs out")
    entities = [interface.relation.entity_of(role) for role in interface.scored]
    members = {entity: {row.id: row.example for row in rows(entity)} for entity in entities}
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
        yield answers.pairs(batch, lefts, rights)


def _neighbours(
    options: argparse.Namespace,
    answers: Answers,
    patterns: Mapping[str, str],
    skipped: Skipped | None,
) -> pa.Table:
    """Neighbours among rows of the other type, or among `--among`, or among the rows themselves."""
    similarity = answers.interface.similarity
    if options.neighbours < 1:
        raise UserError(f"--neighbours: got {options.neighbours}; expected a number from 1")
    if similarity is None:
        raise UserError("--neighbours: the model's head does not say which embeddings are near")
    searched = list(patterns.items())
    if options.among is not None:
        searched = [searched[0], (searched[0][0], options.among)]
    populations = [_population(answers, entity, pattern, skipped) for entity, pattern in searched]
    same = searched[0][0] == searched[-1][0]
    return nearest(populations[0], populations[-1], options.neighbours, similarity, same)


def _population(
    answers: Answers, entity: str, pattern: str, skipped: Skipped | None
) -> EntityEmbeddings:
    ids: list[str] = []
    vectors = []
    for batch in batches(entity_rows(pattern, answers.interface, entity, skipped)):
        ids += [row.id for row in batch]
        vectors.append(answers.embed(entity, batch))
    if not ids:
        raise DataError(f"{pattern}: holds no usable row")
    return EntityEmbeddings(ids, np.concatenate(vectors))


def _list(names: Sequence[str] | Mapping[str, str]) -> str:
    return ", ".join(names)
