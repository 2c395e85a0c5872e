"""The verdict of a run and its cause: blessed, refused, failed or data, in `verdict.json`.

The verdict `data` is that of a recipe without a model.
"""

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from components.common.evaluation.evaluation_results import GateResult, read_verdict
from components.pusher.executor import ADDED, newest_version
from pipeline.paths import RunPaths
from pipeline.score.suggestion import suggestion
from pipeline.stages.reporting import page_of
from pipeline.ui.node_runs import NodeRun
from pipeline.ui.node_summary import summarize_node
from relation.core.errors import DataError
from relation.files.whole_file import whole_file
from relation.files.wildcards import escape
from relation.spec import Frozen
from trainer_module.model.interface import read_interface

_RESERVED_BYTES = 1 << 18


class RunVerdict(Frozen):
    """The verdict of a run.

    Attributes:
      cause: the reason, in one sentence.
      gates: result of each gate.
      evaluation: results of the Evaluator as JSON values: metrics, slices, baseline.
      undefined: why a metric has no value, by name; slices aside.
      trained: whether this run trained a model; False where the Trainer was cached.
      pushed_version: version that this run added.
      served: folder of the newest version, whichever run pushed it.
      command: command that tries the served model.
      tuples: folder of the tuples, where the recipe has no model.
      report: path of the report page.
      seconds: duration of the nodes.
      log: path of the log file.
    """

    recipe: str
    verdict: Literal["blessed", "refused", "failed", "data"]
    cause: str
    gates: tuple[GateResult, ...] = ()
    evaluation: Mapping[str, Any] = Field(default_factory=dict)
    undefined: Mapping[str, str] = Field(default_factory=dict)
    trained: bool = False
    pushed_version: str | None = None
    served: str | None = None
    command: str | None = None
    tuples: str | None = None
    report: str | None = None
    seconds: float = 0.0
    log: str | None = None

    def to_json(self) -> str:
        """Encode as JSON text; values that are not finite become null."""
        fields = self.model_dump(exclude={"gates", "evaluation", "undefined"})
        return json.dumps({**fields, **self.evaluation}, indent=2, allow_nan=False) + "\n"


def failed(recipe: str, cause: str, log: Path | None = None) -> RunVerdict:
    """Return the verdict of a run that failed, or (without a log) did not start."""
    return RunVerdict(recipe=recipe, verdict="failed", cause=cause, log=str(log) if log else None)


def of_run(
    recipe: str,
    paths: RunPaths,
    data: Mapping[str, str] | str | None,
    runs: Mapping[str, NodeRun],
    seconds: float,
    log: Path,
) -> RunVerdict:
    """Return the verdict of a run whose nodes all succeeded.

    Args:
      recipe: name of the recipe.
      paths: paths of its runs.
      data: glob of the raw rows of each table that one glob names, for the command that tries the
        model; of others it takes EntityGen's output. Earlier copies of the Airflow runner pass a
        glob or None, which say less.
      runs: last execution of each node.
      seconds: duration of the nodes.
      log: log file.
    """
    report = str(page_of(runs["Report"].output("report")))
    if "Evaluator" not in runs:
        return _of_data(recipe, runs["RelationGen"], report, seconds, log)
    evaluation = read_verdict(runs["Evaluator"].output("evaluation").uri)
    blessed = bool(runs["Evaluator"].output("blessing").get_int_custom_property("blessed"))
    pushed = runs["Pusher"].output("pushed_model")
    added = not runs["Pusher"].cached and bool(pushed.get_int_custom_property(ADDED))
    newest = newest_version(str(paths.serving))
    served = paths.serving / newest if newest else None
    version = pushed.get_string_custom_property("pushed_version") if added else None
    return RunVerdict(
        recipe=recipe,
        verdict="blessed" if blessed else "refused",
        cause=_cause(blessed, not runs["Evaluator"].cached, version, evaluation.gates, served),
        gates=evaluation.gates,
        evaluation=evaluation.to_json(),
        undefined=evaluation.undefined_overall,
        trained=not runs["Trainer"].cached,
        pushed_version=version,
        served=str(served) if served else None,
        command=_command(served, data if isinstance(data, Mapping) else {}, runs),
        report=report,
        seconds=round(seconds, 1),
        log=str(log),
    )


def _of_data(recipe: str, run: NodeRun, report: str, seconds: float, log: Path) -> RunVerdict:
    return RunVerdict(
        recipe=recipe,
        verdict="data",
        cause=f"the recipe asks for no model, only for data; {summarize_node('RelationGen', run)}",
        tuples=run.output("tuples").uri,
        report=report,
        seconds=round(seconds, 1),
        log=str(log),
    )


def reserve_space(path: Path) -> None:
    """Occupy disk space beside `verdict.json`, which `write` frees where the disk is full."""
    _reserve(path).write_bytes(bytes(_RESERVED_BYTES))


def write(verdict: RunVerdict, path: Path) -> None:
    """Write `verdict.json` atomically, and free the space reserved for it.

    Raises:
      OSError: it cannot be written.
    """
    _reserve(path).unlink(missing_ok=True)
    with whole_file(path) as scratch:
        scratch.write_text(verdict.to_json(), encoding="utf-8")


def _reserve(path: Path) -> Path:
    return path.with_name(f".{path.name}.reserve")


def _cause(
    blessed: bool,
    evaluated: bool,
    version: str | None,
    gates: Sequence[GateResult],
    served: Path | None,
) -> str:
    if not blessed:
        broken = [
            f"{g.kind}: {g.name} {g.value_text()}, not {g.bound_text()}"
            for g in gates
            if not g.passed
        ]
        stays = f"version {served.name} stays served" if served else "no version is served"
        return (
            f"{'; '.join(broken) or 'the Evaluator did not bless the model'}; nothing was pushed, "
            f"{stays}"
        )
    if version is not None:
        return f"every gate passed; pushed as version {version}"
    if not evaluated:
        return "nothing changed since an earlier run: no model was trained and no version added"
    return "every gate passed; the newest version is this very model, so none was added"


def _command(
    served: Path | None, data: Mapping[str, str], runs: Mapping[str, NodeRun]
) -> str | None:
    """The command that shows what the served model answers to the recipe's own rows.

    None where no command can: the model has none, or says nothing of its rows.
    """
    if served is None:
        return None
    try:
        interface = read_interface(str(served))
    except DataError:
        return None
    files = {}
    for number, table in enumerate(interface.readings):
        node = f"EntityGen_{table}" if number else "EntityGen"
        if table in data:
            files[table] = _displayed(data[table])
        elif node in runs:
            files[table] = _displayed(_rows(runs[node]))
    arguments = suggestion(interface, files)
    if arguments is None:
        return None
    start = [_displayed(sys.executable), "-m", "pipeline.score", _displayed(served)]
    return shlex.join([*start, *arguments])


def _rows(run: NodeRun) -> str:
    return os.path.join(escape(run.output("examples").uri), "Split-*", "*.gz")


def _displayed(path: str | Path) -> str:
    """Return a path relative to the working directory, or absolute where it lies outside."""
    if "://" in str(path):
        return str(path)
    relative = os.path.relpath(path)
    return os.path.abspath(path) if relative.startswith(os.pardir) else relative
