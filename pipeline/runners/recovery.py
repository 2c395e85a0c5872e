"""Clears what runs that died have left, and follows artifacts whose folder was moved or emptied.

All of it needs the run lock: while it is held, no other process works on what is removed here.
"""

import logging
import shutil
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.types import standard_artifacts

from pipeline.paths import RunPaths

_PROGRESS = logging.getLogger("relata.progress")
_SCRATCH = (("serving", ".pushing-*"), ("data", ".*"))
"""Folders below the recipe's, and the names in them that only an unfinished write has."""
_MAY_BE_EMPTY = (standard_artifacts.TransformCache.TYPE_NAME,)
_EXECUTION = metadata_store_pb2.Execution
_ARTIFACT = metadata_store_pb2.Artifact
_LEVELS = 3
"""An artifact lies at `<pipeline root>/<node>/<output>/<execution>`."""


def recover(connection: Any, paths: RunPaths) -> None:
    """Clear leftovers of dead runs, and correct the records of artifacts that are elsewhere.

    Args:
      connection: ML Metadata's connection config.
      paths: paths of the recipe, whose run lock is held.
    """
    for folder, pattern in _SCRATCH:
        for leftover in (paths.root / folder).glob(pattern):
            _remove(leftover)
    if not paths.metadata.exists():
        return
    with metadata.Metadata(connection) as handle:
        _end_executions(handle.store, paths.pipeline)
        _relocate(handle.store, paths.pipeline)
        _forget_missing(handle.store, paths.pipeline)


def _end_executions(store: Any, root: Path) -> None:
    """Mark executions that never ended as failed, and remove their outputs."""
    dead = [
        execution
        for execution in store.get_executions()
        if execution.last_known_state in (_EXECUTION.NEW, _EXECUTION.RUNNING)
    ]
    for execution in dead:
        execution.last_known_state = _EXECUTION.FAILED
        for output in root.glob(f"*/*/{execution.id}"):
            _remove(output)
        logging.info("Execution %d belongs to a run that died: cleared.", execution.id)
    if dead:
        store.put_executions(dead)


def _relocate(store: Any, root: Path) -> None:
    """Record the present path of artifacts whose runs folder was moved or copied."""
    moved = []
    for artifact in store.get_artifacts():
        recorded = Path(artifact.uri)
        present = root.joinpath(*recorded.parts[-_LEVELS:])
        if recorded.parts[-_LEVELS - 1 : -_LEVELS] != (root.name,) or recorded == present:
            continue
        if present.exists():
            artifact.uri = str(present)
            moved.append(artifact)
    if moved:
        logging.info("%d artifacts were moved to %s.", len(moved), root)
        store.put_artifacts(moved)


def _forget_missing(store: Any, root: Path) -> None:
    """Mark artifacts without files as deleted: their nodes run again, and no model starts there."""
    missing = [
        artifact
        for artifact in store.get_artifacts()
        if artifact.state == _ARTIFACT.LIVE
        and artifact.type not in _MAY_BE_EMPTY
        and Path(artifact.uri).is_relative_to(root)
        and not _has_file(Path(artifact.uri))
    ]
    for artifact in missing:
        _remove(Path(artifact.uri))  # TFX's cache looks whether the folder exists.
        artifact.state = _ARTIFACT.DELETED
        if artifact.type == standard_artifacts.Model.TYPE_NAME:
            _PROGRESS.warning("the files of model %d are gone: %s", artifact.id, artifact.uri)
    if missing:
        _PROGRESS.warning("artifacts without files: %d; made again where needed", len(missing))
        store.put_artifacts(missing)


def _has_file(path: Path) -> bool:
    return path.is_file() or any(entry.is_file() for entry in path.rglob("*"))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
