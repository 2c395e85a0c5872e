"""Summarize the outputs of each node for its line on the terminal."""

import json
import os
from collections.abc import Callable, Mapping
from textwrap import shorten

import tensorflow_data_validation as tfdv
from tfx.types import Artifact, artifact_utils

from components.common.evaluation import corpus_results
from components.common.evaluation.evaluation_results import number
from components.entity_gen import entity_stats
from components.pusher.executor import ADDED
from components.tuner.trial_counts import read_counts
from pipeline.stages.reporting import page_of
from pipeline.ui.node_runs import NodeRun
from relation.core.errors import LONGEST
from trainer_module.training.history import read_history


def summarize_node(node_id: str, run: NodeRun) -> str:
    """Summarize the outputs of a node in a short text; "" for nodes without a summary."""
    summarize = _SUMMARIES.get(node_id.partition("_")[0])  # Ids may end with an input's name.
    return summarize(run) if summarize else ""


def _rows(run: NodeRun) -> str:
    examples = run.output("examples")
    counts = f"rows: {_by_split(examples)}"
    if not examples.get_int_custom_property("rows_skipped"):
        return counts
    stats = entity_stats.read(os.path.join(examples.uri, entity_stats.FILE))
    faults = {**stats.unusable, **stats.left_out}
    return f"{counts}; {_because({reason: fault['count'] for reason, fault in faults.items()})}"


def _because(reasons: Mapping[str, int]) -> str:
    """How many rows were skipped, and how many for each reason.

    >>> _because({"nan": 3, "no_id": 1200})
    '1,203 skipped (nan 3, no_id 1,200)'
    """
    listed = ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())
    return f"{sum(reasons.values()):,} skipped ({listed})"


def _by_split(examples: Artifact) -> str:
    splits = artifact_utils.decode_split_names(examples.split_names)
    counts = [f"{examples.get_int_custom_property(f'rows_{split}'):,}" for split in splits]
    if len(splits) == 1:
        return counts[0]
    return ", ".join(f"{split} {count}" for split, count in zip(splits, counts, strict=True))


def _split(run: NodeRun) -> str:
    examples = run.output("split_examples")
    lost = examples.get_int_custom_property("rows_no_time")
    return f"rows: {_by_split(examples)}" + (f"; {_because({'no_time': lost})}" if lost else "")


def _statistics(run: NodeRun) -> str:
    artifact = run.output("statistics")
    split = artifact_utils.decode_split_names(artifact.split_names)[0]
    path = os.path.join(artifact.uri, f"Split-{split}", "FeatureStats.pb")
    return f"{len(tfdv.load_stats_binary(path).datasets[0].features)} features"


def _tuples(run: NodeRun) -> str:
    with open(os.path.join(run.output("tuples").uri, "relation_stats.json"), encoding="utf-8") as f:
        stats = json.load(f)
    counts = [f"{name} {s['tuples']:,}" for name, s in stats["splits"].items() if "tuples" in s]
    parts = [f"tuples: {', '.join(counts)}"]
    for name, source in stats["inputs"].items():
        if source["skipped"]:
            parts.append(f"{name}: {_because(source['skipped'])}")
        parts += [f"{name}: {reason} {count:,}" for reason, count in source["noted"].items()]
    return "; ".join(parts)


def _training(run: NodeRun) -> str:
    history = read_history(run.output("model_run").uri)
    loss = f"val_loss {history.kept_loss:.4f}"
    of = f"epoch {history.kept_epoch} of {history.epochs}"
    if isinstance(history.keep, str):
        return f"{history.keep} {of}, {loss}"
    return f"best {of} by {history.keep.best}, {history.kept_metric:.4f}, {loss}"


def _tuning(run: NodeRun) -> str:
    folder = run.output("tuner_results").uri
    with open(os.path.join(folder, "tuner_results.json"), encoding="utf-8") as file:
        scores = [trial["score"] for trial in json.load(file)]
    requested, failures, objective, direction = read_counts(folder)
    best = min(scores) if direction == "min" else max(scores)
    parts = [f"best of {len(scores)} trials, {objective} {best:.4f}"]
    if failures:
        first = shorten(next(iter(failures.values())), LONGEST, placeholder="…")
        parts.append(f"{len(failures)} failed (first: {first})")
    if missing := requested - len(scores) - len(failures):
        parts.append(f"{missing} not run (tuning.space gave no further values)")
    return "; ".join(parts)


def _base_model(run: NodeRun) -> str:
    models = run.outputs.get("model", [])
    return f"from model {models[0].id}" if models else "no earlier blessed model to start from"


def _baseline(run: NodeRun) -> str:
    models = run.outputs.get("model", [])
    return (
        f"baseline: model {models[0].id}" if models else "no earlier blessed model to compare with"
    )


def _corpus(run: NodeRun) -> str:
    results = corpus_results.read(run.output("corpus_evaluation").uri)
    map_at_r = results["spaces"].get("model", {}).get("map_at_r")
    if map_at_r is None:
        return f"embeddings: {sum(e['rows'] for e in results['embeddings'].values()):,}"
    queries = results["counts"]["measured"] - results["counts"]["without_match"]
    return f"MAP@R {number(map_at_r['value']):.4f} of {queries:,} queries"


def _blessing(run: NodeRun) -> str:
    return "blessed" if run.output("blessing").get_int_custom_property("blessed") else "refused"


def _pushed(run: NodeRun) -> str:
    pushed = run.output("pushed_model")
    if not pushed.get_int_custom_property("pushed"):
        return "not pushed"
    verb = "pushed" if pushed.get_int_custom_property(ADDED) else "already serves it"
    return f"version {pushed.get_string_custom_property('pushed_version')} {verb}"


def _page(run: NodeRun) -> str:
    return f"a page of {page_of(run.output('report')).stat().st_size / 1000:,.0f} kB"


_SUMMARIES: dict[str, Callable[[NodeRun], str]] = {
    "EntityGen": _rows,
    "EntityStatistics": _statistics,
    "EntityValidator": lambda run: "no anomalies",
    "SplitGen": _split,
    "RelationGen": _tuples,
    "TupleStatistics": _statistics,
    "TupleValidator": lambda run: "no anomalies",
    "Tuner": _tuning,
    "BaseModel": _base_model,
    "Trainer": _training,
    "LatestBlessedModel": _baseline,
    "CorpusEvaluator": _corpus,
    "Evaluator": _blessing,
    "Pusher": _pushed,
    "Report": _page,
}
