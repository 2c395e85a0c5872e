"""The verdict of a run: blessed, refused or failed, and why; written to `verdict.json`.

A recipe without a model makes data: there is nothing to bless, and the verdict is `data`.
"""

import json
import os
import shlex
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from components.common.evaluation_results import GateResult, read_verdict
from components.pusher.executor import ADDED, newest_version
from pipeline.paths import RunPaths
from pipeline.stages.reporting import page_of
from pipeline.ui.node_runs import NodeRun
from pipeline.ui.node_summary import summarize_node
from relation.spec import Frozen


class Verdict(Frozen):
    """What a run came to.

    Attributes:
      cause: why, in one sentence.
      gates: each bound: metric, bound, threshold, value, baseline, passed.
      evaluation: all that the Evaluator found, as JSON values: metrics, slices, baseline.
      trained: whether a model was trained, or the Trainer was served from the cache.
      pushed_version: the version that this run added.
      served: folder of the newest version, whichever run pushed it.
      command: a command that tries it.
      tuples: folder of the tuples, where the recipe asks for no model.
      report: the page that shows all of it.
    """

    recipe: str
    verdict: Literal["blessed", "refused", "failed", "data"]
    cause: str
    gates: tuple[GateResult, ...] = ()
    evaluation: Mapping[str, Any] = Field(default_factory=dict)
    trained: bool = False
    pushed_version: str | None = None
    served: str | None = None
    command: str | None = None
    tuples: str | None = None
    report: str | None = None
    seconds: float = 0.0
    log: str | None = None

    def to_json(self) -> str:
        """As JSON text; values that are not finite are null."""
        fields = self.model_dump(exclude={"gates", "evaluation"})
        return json.dumps({**fields, **self.evaluation}, indent=2, allow_nan=False) + "\n"


def failed(recipe: str, cause: str, log: Path | None = None) -> Verdict:
    """The verdict of a run that did not end, or (without a log) did not start."""
    return Verdict(recipe=recipe, verdict="failed", cause=cause, log=str(log) if log else None)


def of_run(
    recipe: str,
    paths: RunPaths,
    data: str | None,
    runs: Mapping[str, NodeRun],
    seconds: float,
    log: Path,
) -> Verdict:
    """The verdict of a run whose nodes all ended.

    Args:
      recipe: its name.
      paths: its folders.
      data: glob of raw rows in TFRecord files, for the command that tries the model; None: those
        that EntityGen made.
      runs: the last execution of each node.
      seconds: how long the nodes took.
      log: the log file.
    """
    report = str(page_of(runs["Report"].output("report")))
    if "Evaluator" not in runs:
        return _of_data(recipe, runs["RelationGen"], report, seconds, log)
    found = read_verdict(runs["Evaluator"].output("evaluation").uri)
    blessed = bool(runs["Evaluator"].output("blessing").get_int_custom_property("blessed"))
    pushed = runs["Pusher"].output("pushed_model")
    added = not runs["Pusher"].cached and bool(pushed.get_int_custom_property(ADDED))
    newest = newest_version(str(paths.serving))
    served = paths.serving / newest if newest else None
    version = pushed.get_string_custom_property("pushed_version") if added else None
    return Verdict(
        recipe=recipe,
        verdict="blessed" if blessed else "refused",
        cause=_cause(blessed, not runs["Evaluator"].cached, version, found.gates, served),
        gates=found.gates,
        evaluation=found.to_json(),
        trained=not runs["Trainer"].cached,
        pushed_version=version,
        served=str(served) if served else None,
        command=_command(served, data or _entities(runs)) if served else None,
        report=report,
        seconds=round(seconds, 1),
        log=str(log),
    )


def _of_data(recipe: str, made: NodeRun, report: str, seconds: float, log: Path) -> Verdict:
    return Verdict(
        recipe=recipe,
        verdict="data",
        cause=f"the recipe asks for no model, only for data; {summarize_node('RelationGen', made)}",
        tuples=made.output("tuples").uri,
        report=report,
        seconds=round(seconds, 1),
        log=str(log),
    )


def write(verdict: Verdict, path: Path) -> None:
    """Writes `verdict.json`, whole or not at all."""
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    scratch.write_text(verdict.to_json(), encoding="utf-8")
    scratch.replace(path)


def _cause(
    blessed: bool,
    evaluated: bool,
    version: str | None,
    gates: Sequence[GateResult],
    served: Path | None,
) -> str:
    if not blessed:
        broken = [
            f"{g.kind}: {g.name} {g.value:.4f}, not {g.asked()}" for g in gates if not g.passed
        ]
        stays = f"version {served.name} stays served" if served else "no version is served"
        return (
            f"{'; '.join(broken) or 'the Evaluator did not bless it'}; nothing was pushed, {stays}"
        )
    if version is not None:
        return f"every gate passed; pushed as version {version}"
    if not evaluated:
        return "nothing changed since an earlier run: no model was trained and no version added"
    return "every gate passed; the newest version is this very model, so none was added"


def _entities(runs: Mapping[str, NodeRun]) -> str:
    return os.path.join(runs["EntityGen"].output("examples").uri, "Split-*", "*.gz")


def _command(served: Path, data: str) -> str:
    python = _shown(sys.executable)
    return shlex.join([python, "-m", "trainer_module.try_model", _shown(served), _shown(data)])


def _shown(path: str | Path) -> str:
    """From the working directory, or from the root where it lies elsewhere."""
    relative = os.path.relpath(path)
    return os.path.abspath(path) if relative.startswith(os.pardir) else relative
