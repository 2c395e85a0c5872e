"""The command line of evaluation."""

import argparse
import json
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.common.evaluation.evaluation_results import EXAMPLES, Verdict, jsonable
from components.evaluator.corpus_gates import undefined_of
from components.relation_gen.stats import summary
from pipeline.evaluate import corpus, tuples
from pipeline.evaluate.inputs import TableRows, tables_of, write_rows
from pipeline.evaluate.page import page_of
from pipeline.score.rows import Rejections
from pipeline.score.tables import add_row_flags, patterns_of
from pipeline.settings import WRONG
from relation.compiled import CompiledRelation
from relation.core.errors import DataError, UserError
from relation.core.terminal import held_stderr
from relation.files.saved_model import Signatures, read_decision
from relation.files.whole_file import whole_file
from trainer_module.model.interface import ServedInterface, read_interface

METRICS, PAGE = "metrics.json", "index.html"


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(arguments)
    # Beam logs a worker's exception before raising it here; report it once, below or by Python.
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    try:
        lines = list(_run(options))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG
    print("\n".join(lines))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.evaluate",
        description="All metrics of a pushed model on new rows with labels, in any format that "
        "recipes take. Decision thresholds are the model's own.",
        allow_abbrev=False,
    )
    parser.add_argument("model", help="a SavedModel: runs/<recipe>/serving/<version>")
    parser.add_argument(
        "rows",
        nargs="+",
        metavar="[NAME=]ROWS",
        help="file or glob; NAME is the entity type or edge list, needed where there are several",
    )
    parser.add_argument("--edges", help="file or glob of the edges that relate the rows")
    parser.add_argument(
        "--output",
        metavar="DIR",
        default="evaluation",
        help=f"folder for {METRICS} and {PAGE} (default: %(default)s)",
    )
    parser.add_argument(
        "--slice",
        action="append",
        default=[],
        metavar="FEATURE",
        help="measure the rows of each value of a feature apart, too; repeatable",
    )
    add_row_flags(parser)
    return parser


def _run(options: argparse.Namespace) -> Iterator[str]:
    """Measure a model, write both files, and yield what to print."""
    interface = read_interface(options.model)
    if interface.compiled is None:
        raise DataError(
            f"{options.model}: does not say how rows are related; a model that is trained anew does"
        )
    compiled = interface.compiled
    if options.skip_bad_rows:
        compiled = compiled.model_copy(update={"bad_rows": "skip"})
    patterns = _patterns(options, interface, compiled)
    _check_slices(options.slice, interface, compiled)
    output = Path(options.output)
    if output.exists() and not output.is_dir():
        raise UserError(f"--output: {output}: is a file; expected a folder")
    rejections = Rejections(compiled.bad_rows == "skip")
    with tempfile.TemporaryDirectory(prefix="relata-") as folder:
        rows = write_rows(interface, compiled, patterns, folder, options.number_rows, rejections)
        with held_stderr():
            results, page = _measure(options, interface, compiled, rows, rejections, folder)
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=2, allow_nan=False) + "\n"
    for name, content in ((METRICS, text), (PAGE, page)):
        with whole_file(output / name) as scratch:
            scratch.write_text(content, encoding="utf-8")
    yield from _shown(results)
    yield f"written to {output / METRICS} and {output / PAGE}"


def _measure(
    options: argparse.Namespace,
    interface: ServedInterface,
    compiled: CompiledRelation,
    rows: Sequence[TableRows],
    rejections: Rejections,
    folder: str,
) -> tuple[dict[str, Any], str]:
    """The content of `metrics.json`, and the page."""
    tuple_folder = os.path.join(folder, "tuples")
    stats = tuples.make_tuples(interface, compiled, rows, tuple_folder)
    files = tuples.tuple_files(tuple_folder)
    decision = read_decision(options.model)
    thresholds = {name: threshold["score"] for name, threshold in decision.items()}
    model = Signatures(options.model)
    of_tuples = tuples.measure(interface, compiled, model, files, thresholds, options.slice)
    by_table = {table.file.input: table.file for table in rows}
    of_corpus, arrays = corpus.measure(
        interface, compiled, options.model, by_table, files, options.slice, folder
    )
    verdict = Verdict(
        blessed=False,
        gates=(),
        metrics=of_tuples.metrics,
        slices=of_tuples.slices,
        baseline=None,
        intervals=of_tuples.intervals,
        corpus=of_corpus,
        undefined={**of_tuples.undefined, **undefined_of(of_corpus)},
    )
    sources = {table.file.input: table.pattern for table in rows}
    page = page_of(
        interface,
        compiled,
        model,
        options.model,
        by_table,
        files,
        stats,
        verdict,
        arrays,
        sources,
    )
    measured = verdict.to_json()
    results = {
        "model": options.model,
        "rows": {t.file.input: {"path": t.pattern, "rows": t.rows} for t in rows},
        "left_out": dict(sorted(rejections.counts.items())),
        "counts": summary.summary({**stats, "entities": {}}),
        "thresholds": thresholds,
        **{n: measured[n] for n in ("metrics", "intervals", "slices", "corpus", "undefined")},
    }
    return jsonable(results), page


def _shown(results: Mapping[str, Any]) -> Iterator[str]:
    """The results as lines of text."""
    for name, table in results["rows"].items():
        yield f"{name}: {table['rows']:,} rows of {table['path']}"
    for reason, count in results["left_out"].items():
        yield f"left out {count:,}: {reason}"
    yield from results["counts"]
    for name, value in results["metrics"].items():
        yield f"{name} {_value(name, value, results)}"
    counts = results["corpus"].get("counts")
    if counts:
        yield (
            f"neighbours of {counts['measured']:,} rows among {counts['references']:,}, "
            f"{counts['without_match']:,} without a related one"
        )
    for name, estimate in results["corpus"].get("spaces", {}).get("model", {}).items():
        value = estimate["value"]
        why = results["undefined"].get(f"corpus {name}", "")
        yield f"corpus {name} " + (f"undefined: {why}" if value is None else f"{value:.4f}")


def _value(name: str, value: float | None, results: Mapping[str, Any]) -> str:
    if value is None:
        return f"undefined: {results['undefined'].get(name, '')}"
    if name == EXAMPLES:
        return f"{value:,.0f}"
    low, high = results["intervals"].get(name, (None, None))
    return f"{value:.4f}" + ("" if low is None or high is None else f" [{low:.4f}, {high:.4f}]")


def _patterns(
    options: argparse.Namespace, interface: ServedInterface, compiled: CompiledRelation
) -> dict[str, str]:
    """Path or glob of each table."""
    tables = tables_of(interface, compiled)
    edges = None if compiled.edge_table is None else compiled.edge_table.name
    if options.edges is not None and edges is None:
        raise UserError("--edges: the model's relation has no edges; leave --edges out")
    plain = [name for name in tables if name != edges]
    patterns = patterns_of(options.rows, plain, tables)
    if options.edges is not None and edges is not None:
        patterns[edges] = options.edges
    if edges is not None and edges not in patterns:
        raise UserError("--edges: missing; expected the file or glob of the edges, as in training")
    return patterns


def _check_slices(
    slices: Sequence[str], interface: ServedInterface, compiled: CompiledRelation
) -> None:
    columns = interface.columns(compiled.tuples.roles[0].entity)
    for name in slices:
        if name not in columns:
            raise UserError(f"--slice: got {name!r}; expected one of {', '.join(columns)}")
