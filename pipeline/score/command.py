"""The command line of scoring."""

import argparse
import sys
from collections.abc import Iterator, Sequence

import pyarrow as pa

from pipeline.score import questions, table_file
from pipeline.score.answers import Answers
from pipeline.score.questions import Inputs
from pipeline.score.rows import Rejections
from pipeline.score.tables import add_row_flags, patterns_of
from pipeline.settings import WRONG
from relation.core.errors import DataError, UserError
from trainer_module.model.interface import ServedInterface

EPILOG = """
What is written: embeddings (id, embedding); with --pairs scores (left, right, score); with
--neighbours the nearest rows (query, rank, neighbour, distance or similarity). A model of tags, of
labels as input, or of a ranking by documents alone, scores each row (id, and score or a column a
tag). Rows that hold both members, and documents beside queries, get scores without --pairs.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(arguments)
    rejections = Rejections(options.skip_bad_rows)
    try:
        if options.output is not None:
            table_file.check_format(options.output)
        answers = Answers(options.model)
        patterns = patterns_of(options.rows, *_table_names(answers.interface))
        inputs = Inputs(answers, patterns, options.number_rows, rejections, options.first)
        count = table_file.write(_some(_tables(options, inputs), rejections), options.output)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG
    for reason, number in sorted(rejections.counts.items()):
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
    parser.add_argument(
        "--first", type=int, metavar="N", help="the first N rows, pairs or queries alone"
    )
    parser.add_argument("--output", metavar="FILE", help=".csv or .parquet; default: CSV to stdout")
    add_row_flags(parser)
    return parser


def _some(tables: Iterator[pa.Table], rejections: Rejections) -> Iterator[pa.Table]:
    """Yield the tables; it is an error if there is no row."""
    empty = True
    for table in tables:
        empty = empty and not table.num_rows
        yield table
    if empty:
        reasons = "".join(f"; {n:,} skipped: {why}" for why, n in rejections.counts.items())
        raise DataError(f"no row has an answer{reasons}")


def _tables(options: argparse.Namespace, inputs: Inputs) -> Iterator[pa.Table]:
    """Answer what the options ask for."""
    if options.among is not None and options.neighbours is None:
        raise UserError("--among: expected --neighbours beside it")
    if options.first is not None and options.first < 1:
        raise UserError(f"--first: got {options.first}; expected a number from 1")
    if options.pairs is not None:
        return questions.pairs(options.pairs, inputs)
    if options.neighbours is not None:
        return iter([questions.neighbours(options.neighbours, options.among, inputs)])
    return questions.each_row(inputs, options.embeddings)


def _table_names(interface: ServedInterface) -> tuple[list[str], list[str]]:
    """The tables that a GLOB without a name may be of, and all tables."""
    entities, compiled = list(interface.relation.entities), interface.compiled
    if compiled is None:
        return entities, entities
    if compiled.tuple_table is not None:
        return [compiled.tuple_table.name], [compiled.tuple_table.name, *entities]
    return [name for name in entities if name not in compiled.generated], entities
