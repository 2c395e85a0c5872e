"""The Pusher's executor: push by a rename, so that a server never sees an incomplete version.

A model that is served already is not pushed again. A pushed model carries its decision threshold.
"""

import hashlib
import json
import os
import uuid
from typing import Any

from tfx.components.pusher import executor
from tfx.dsl.io import fileio
from tfx.types import Artifact, artifact_utils
from tfx.types.standard_component_specs import PUSH_DESTINATION_KEY, PUSHED_MODEL_KEY

from components.common.evaluation.evaluation_results import read_verdict
from components.pusher.decision import decision_of
from relation.files.saved_model import write_decision

EVALUATION = "evaluation"
"""Name of the input with the Evaluator's verdict."""
PUSHED = "pushed"
DESTINATION = "pushed_destination"
VERSION = "pushed_version"
"""Custom properties of the `pushed_model` artifact, TFX's own."""
ADDED = "added"
"""Custom property: 1 if this push added a version, 0 if the newest version is the same model."""


class Executor(executor.Executor):
    """TFX's executor, which writes to a hidden folder beside the versions and renames it."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Push as the base class does; `push_destination` must be a filesystem."""
        destination = json.loads(exec_properties[PUSH_DESTINATION_KEY])
        folder = destination["filesystem"]["base_directory"]
        scratch = os.path.join(folder, f".pushing-{uuid.uuid4().hex[:12]}")
        destination["filesystem"]["base_directory"] = scratch
        try:
            super().Do(
                input_dict,
                output_dict,
                {**exec_properties, PUSH_DESTINATION_KEY: json.dumps(destination)},
            )
            pushed = artifact_utils.get_single_instance(output_dict[PUSHED_MODEL_KEY])
            if pushed.get_int_custom_property(PUSHED):
                _write_decision(input_dict, pushed)
                self._publish(folder, pushed)
        finally:
            if fileio.exists(scratch):
                fileio.rmtree(scratch)

    def _publish(self, folder: str, pushed: Artifact) -> None:
        """Rename the written folder to a version, unless the newest version is the same model."""
        written = pushed.get_string_custom_property(DESTINATION)
        newest = newest_version(folder)
        if newest and _digest(os.path.join(folder, newest)) == _digest(written):
            version, added = newest, False
        else:
            # The version must be the newest, also within the same second or on a slow clock.
            stamp = int(pushed.get_string_custom_property(VERSION))
            version, added = str(max(stamp, int(newest or 0) + 1)), True
            fileio.rename(written, os.path.join(folder, version))
        pushed.set_string_custom_property(DESTINATION, os.path.join(folder, version))
        pushed.set_string_custom_property(VERSION, version)
        pushed.set_int_custom_property(ADDED, int(added))


def _write_decision(inputs: dict[str, list[Artifact]], pushed: Artifact) -> None:
    """Write the decision threshold beside the graph, if the Evaluator chose one."""
    for evaluation in inputs.get(EVALUATION, []):
        thresholds = decision_of(read_verdict(evaluation.uri))
        if thresholds:
            write_decision(thresholds, pushed.get_string_custom_property(DESTINATION))


def newest_version(folder: str) -> str | None:
    """Find the highest version in a serving folder; None if it holds none."""
    if not fileio.exists(folder):
        return None
    names = (name.rstrip("/") for name in fileio.listdir(folder))
    return max((name for name in names if name.isdecimal()), key=int, default=None)


def _digest(model: str) -> str:
    """Hash the names and contents of a folder's files by SHA-256."""
    digest = hashlib.sha256()
    for subfolder, _, files in sorted(fileio.walk(model)):
        for name in sorted(files):
            path = os.path.join(subfolder, name)
            digest.update(os.path.relpath(path, model).encode() + b"\0")
            with fileio.open(path, "rb") as file:
                content = file.read()
            digest.update(f"{len(content)}\0".encode() + content)
    return digest.hexdigest()
