"""The parts of the product that mutants are drawn from, and where the tests of each lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """Modules and their nearest tests: files, or folders with all below; `-` leaves a path out.

    Tests that are named first are run first.
    """

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


_BEAM = ("components/relation_gen/transforms", "components/split_gen/beam_stages.py")
_JOINING = tuple(
    f"components/relation_gen/transforms/{name}.py" for name in ("join_edges", "gather")
)
_INDEX = "components/relation_gen/transforms/build_index.py"
_LAYOUT = "components/relation_gen/index/layout.py"
_RELATION_GEN = (
    "tests/relation_gen/test_source_edges.py",
    "tests/relation_gen/test_source_labels.py",
    "tests/relation_gen/test_dedup.py",
    "tests/relation_gen/test_filtered.py",
    "tests/relation_gen",
)
_HELD_BY_RUNS = ("-pipeline/airflow_runner.py", "-pipeline/kubeflow_runner.py", "-pipeline/run.py")
"""Left out: their tests are whole runs."""
QUICK_TESTS = ("tests", *(f"-tests/{name}" for name in ("airflow", "bench", "e2e", "kubeflow")))
"""Where test files may lie that import a broken module, wherever the part's own tests lie."""
_MODELS = ("losses", "heads", "mining", "objectives", "tasks", "towers")

PARTS = (
    Part(
        "split_gen",
        ("components/split_gen", "-components/split_gen/beam_stages.py"),
        ("tests/split_gen", "tests/pipeline/stages/test_splitting.py"),
    ),
    Part("pusher", ("components/pusher",), ("tests/pusher",)),
    Part("resolver", ("components/resolver",), ("tests/resolver",)),
    Part(
        "preprocessing",
        ("trainer_module/preprocessing",),
        (
            "tests/trainer_module/preprocessing",
            "tests/trainer_module/test_feature_names.py",
            "tests/transform",
        ),
    ),
    Part(
        "inputs",
        ("trainer_module/data",),
        (
            "tests/trainer_module/data",
            "tests/trainer_module/training",
            "tests/trainer_module/objectives",
            "tests/trainer_module/test_run_fn.py",
        ),
    ),
    Part(
        "custom loop",
        ("trainer_module/training", "-trainer_module/training/callbacks"),
        (
            "tests/trainer_module/training",
            "tests/trainer_module/test_run_fn.py",
            "tests/trainer_module/test_tuner_fn.py",
            "tests/pipeline/dry_run",
        ),
    ),
    Part("signatures", ("trainer_module/model",), ("tests/trainer_module/model",)),
    Part("verdict", ("pipeline/ui",), ("tests/pipeline/ui", "tests/pipeline/runners")),
    Part("joining", _JOINING, _RELATION_GEN),
    Part(
        "indexing",
        ("components/relation_gen/index", f"-{_LAYOUT}", _INDEX),
        _RELATION_GEN,
    ),
    Part("layout", (_LAYOUT,), ("tests/relation_gen/test_layout.py", *_RELATION_GEN)),
    Part(
        "Beam steps",
        (*_BEAM, f"-{_INDEX}", *(f"-{path}" for path in _JOINING)),
        (*_RELATION_GEN, "tests/split_gen"),
    ),
    Part(
        "sampling",
        (
            "components/relation_gen",
            "-components/relation_gen/transforms",
            "-components/relation_gen/index",
            "-components/relation_gen/cli.py",
        ),
        _RELATION_GEN,
    ),
    Part(
        "relation",
        ("relation", "-relation/retrieval"),
        (
            "tests/relation",
            "-tests/relation/test_plugin_source.py",
            "tests/pipeline/reference/test_pages.py",
        ),
    ),
    Part(
        "losses",
        tuple(f"trainer_module/{room}" for room in _MODELS),
        (
            *(f"tests/trainer_module/{room}" for room in _MODELS),
            "tests/pipeline/reference/test_pages.py",
        ),
    ),
    Part("metrics", ("trainer_module/metrics",), ("tests/metrics",)),
    Part(
        "evaluators",
        ("components/evaluator", "components/corpus_evaluator", "relation/retrieval"),
        ("tests/evaluator", "tests/corpus_evaluator"),
    ),
    Part(
        "readers",
        (
            "components/entity_gen",
            "components/common",
            "components/validation",
            "components/schema_gen",
        ),
        (
            "tests/entity_gen",
            "tests/common",
            "tests/validation",
            "tests/schema_gen",
            "tests/relation_gen",
        ),
    ),
    Part("report", ("components/report",), ("tests/report",)),
    Part(
        "runners",
        (
            "pipeline",
            "components/relation_gen/cli.py",
            "-pipeline/ui",
            "-pipeline/reference",
            *_HELD_BY_RUNS,
        ),
        (
            "tests/pipeline",
            "tests/resolver/test_launchers.py",
            "tests/relation_gen/test_cli.py",
            "tests/relation_gen/test_cli_inputs.py",
        ),
    ),
)


def files(root: Path, patterns: tuple[str, ...], name: str = "*.py") -> list[str]:
    """The files, from the root, that patterns name: a file, or a folder with all below it."""
    chosen: dict[str, None] = {}
    dropped: set[str] = set()
    for pattern in patterns:
        path = root / pattern.lstrip("-")
        inside = sorted(path.rglob(name)) if path.is_dir() else [path]
        names = [file.relative_to(root).as_posix() for file in inside]
        if pattern.startswith("-"):
            dropped.update(names)
        else:
            chosen.update(dict.fromkeys(names))
    return [name for name in chosen if name not in dropped]
