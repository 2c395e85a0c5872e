"""The executor of SplitGen: reads and describes artifacts; `run.py` does the work."""

from typing import Any

import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils

from components.common.examples_artifact import check_formats, describe, split_globs, split_names
from components.split_gen import split_stats
from components.split_gen.request import EDGES, SplitRequest
from components.split_gen.run import split
from relation.core.errors import DataError
from relation.names import EXAMPLES, OTHER_EXAMPLES

INPUTS = (EXAMPLES, OTHER_EXAMPLES, EDGES)


def output_of(name: str) -> str:
    """The name of the output for an input: `split_examples` for `examples`."""
    return f"split_{name}"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Splits the rows of all inputs at once."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See `component.SplitGen` for inputs, outputs and properties.

        Raises:
          DataError: the data cannot be split as requested; the message says how to fix it.
        """
        request = SplitRequest.model_validate_json(exec_properties["request"])
        inputs = {
            name: artifact_utils.get_single_instance(input_dict[name])
            for name in INPUTS
            if input_dict.get(name)
        }
        outputs = {
            name: artifact_utils.get_single_instance(output_dict[output_of(name)])
            for name in inputs
        }
        written = split(
            request,
            {name: _paths(name, artifact) for name, artifact in inputs.items()},
            {name: artifact.uri for name, artifact in outputs.items()},
            self._make_beam_pipeline,
        )
        for name, artifact in outputs.items():
            describe(artifact, inputs[name], request.splits)
            for what, count in split_stats.properties(written, name).items():
                artifact.set_int_custom_property(what, count)


def _paths(name: str, examples: types.Artifact) -> list[str]:
    """All files of an input, whatever its splits."""
    check_formats(name, examples)
    globs = [glob for split in split_names(examples) for glob in split_globs(examples, split)]
    paths = [path for glob in globs for path in tf.io.gfile.glob(glob)]
    if not paths:
        raise DataError(f"{name}: there are no files in {examples.uri}")
    return sorted(paths)
