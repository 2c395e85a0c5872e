"""What a dry run says: plain lines, each of one fact."""

from collections.abc import Iterator, Mapping

from components.relation_gen.stats.summary import Stats
from pipeline.dry_run import estimates
from pipeline.dry_run.rows import FirstRows
from relation.load import LoadedRecipe
from relation.training import Training
from trainer_module.training.trial_steps import Layer, Measured

SHOWN_LAYERS = 24
"""Of a network, at most; of a deeper one the first and the last are shown."""


def of_rows(tables: Mapping[str, FirstRows]) -> Iterator[str]:
    """A line for each table."""
    for name, table in tables.items():
        which = "all" if table.complete else "the first"
        files = f"{table.files:,} file{'s' * (table.files != 1)}"
        yield f"{name}: {which} {len(table):,} rows of {files}{_counts(table.left_out, 'left out')}"


def of_tuples(stats: Stats) -> Iterator[str]:
    """A line for each split, and one for each table whose rows were skipped."""
    for split, part in stats["splits"].items():
        rows = f"{part['rows_used']:,} rows{_counts(part['skipped'], 'rows skipped')}"
        lacking = _counts(part.get("shortfall", {}), "tuples could not be made")
        tuples = f"{part['tuples']:,} tuples of " if "tuples" in part else ""
        yield f"{split}: {tuples}{rows}{lacking}"
    for name, part in stats["inputs"].items():
        if part["skipped"] and name not in stats["splits"]:
            yield f"{name}: {part['rows_used']:,} rows used{_counts(part['skipped'], 'skipped')}"


def of_model(loaded: LoadedRecipe, measured: Measured) -> Iterator[str]:
    """The features of each entity type, the layers of its tower, and the number of weights."""
    for entity, layers in measured.layers.items():
        features = (
            f"{feature.name} ({feature.kind.value}"
            + (f" [{feature.width}])" if feature.width > 1 else ")")
            for feature in loaded.features_of(entity)
        )
        yield f"{entity}: {', '.join(features)}"
        for line in _layers(layers):
            yield f"  {line}"
    yield (
        f"{measured.weights:,} weights, {measured.trained:,} of them trained; "
        f"loss {measured.loss:.4g} after some steps"
    )


def of_estimates(measured: Measured, training: Training, tuples: int) -> dict[str, str]:
    """Estimates of memory and time, by their title."""
    state, activations = estimates.memory(measured)
    steps = estimates.steps(tuples, training, measured.seconds)
    return {
        "estimated memory": (
            f"{_megabytes(state + activations)} beside TensorFlow itself: {_megabytes(state)} for "
            f"weights, gradients and optimizer, {_megabytes(activations)} for a batch of "
            f"{training.batch_size:,}"
        ),
        "estimated time": (
            f"{_time(steps.seconds)} of training: at most {training.epochs:,} epochs of "
            f"{steps.an_epoch:,} steps for about {tuples:,} tuples, {measured.seconds:.3f} s a "
            "step on this machine now"
        ),
    }


def _layers(layers: tuple[Layer, ...]) -> Iterator[str]:
    lines = [
        f"{layer.name:<28}{_shape(layer.shape):<18}"
        + (f"{layer.weights:,} weights" if layer.weights else "")
        for layer in layers
    ]
    if len(lines) > SHOWN_LAYERS:
        half = SHOWN_LAYERS // 2
        lines[half:-half] = [f"… {len(lines) - SHOWN_LAYERS} more layers …"]
    yield from (line.rstrip() for line in lines)


def _shape(shape: tuple[int | None, ...]) -> str:
    """A shape without the batch: `8 × 8 × 32`; `n` where it varies."""
    return " × ".join("n" if size is None else str(size) for size in shape[1:]) or "1"


def _counts(counts: Mapping[str, int], what: str) -> str:
    """`, 12 rows skipped (no_id 12)`, the most frequent first; "" where there are none."""
    if not counts:
        return ""
    most = sorted(counts.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{reason} {count:,}" for reason, count in most)
    return f", {sum(counts.values()):,} {what} ({listed})"


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB" if size >= 2**20 else "1 MiB"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * 3600 else f"{seconds / 3600:.1f} h"
