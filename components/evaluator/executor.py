"""TFX's Evaluator, with one blessing for the recipe's bounds and for all default gates."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from tensorflow_model_analysis.proto.config_pb2 import EvalConfig
from tfx.components.evaluator import constants, executor
from tfx.dsl.io import fileio
from tfx.types import Artifact, artifact_utils, standard_artifacts
from tfx.types.standard_component_specs import (
    BASELINE_MODEL_KEY,
    BLESSING_KEY,
    EVAL_CONFIG_KEY,
    EVALUATION_KEY,
    EXAMPLE_SPLITS_KEY,
    EXAMPLES_KEY,
    MODEL_KEY,
)
from tfx.utils import io_utils, json_utils, proto_utils

from components.common.evaluation import corpus_results
from components.common.evaluation.blessed_baseline import without_candidates
from components.common.evaluation.evaluation_results import write_verdict
from components.common.examples_artifact import split_names
from components.evaluator import tfma_output
from components.evaluator.tested import config_of_test, of_split
from components.evaluator.tuple_gates import apply_gates
from relation.names import TEST
from relation.recipe import Evaluation

CORPUS_KEY = "corpus_evaluation"
GATES_KEY = "gates"


class Executor(executor.Executor):
    """Evaluates tuples as TFX does, then blesses only what passes every gate."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs TFX's evaluation, applies all gates, and writes `verdict.json`.

        Inputs and properties are TFX's, the input `corpus_evaluation`, and the property `gates`:
        an `Evaluation` as JSON.
        """
        inputs = {key: value for key, value in input_dict.items() if key != CORPUS_KEY}
        inputs[BASELINE_MODEL_KEY] = without_candidates(
            input_dict.get(BASELINE_MODEL_KEY, []), input_dict[MODEL_KEY]
        )
        super().Do(inputs, output_dict, exec_properties)
        folder = artifact_utils.get_single_uri(output_dict[EVALUATION_KEY])
        verdict = apply_gates(
            tfma_output.read(folder),
            corpus_results.read(artifact_utils.get_single_uri(input_dict[CORPUS_KEY])),
            Evaluation.model_validate_json(exec_properties[GATES_KEY]),
        )
        if TEST in split_names(artifact_utils.get_single_instance(input_dict[EXAMPLES_KEY])):
            tested = self._tested(input_dict, folder, exec_properties, verdict.metrics)
            verdict = dataclasses.replace(verdict, test=tested)
        write_verdict(verdict, folder)
        if not verdict.blessed:
            _refuse(artifact_utils.get_single_instance(output_dict[BLESSING_KEY]))

    def _tested(
        self,
        input_dict: dict[str, list[Artifact]],
        folder: str,
        exec_properties: dict[str, Any],
        values: Mapping[str, float],
    ) -> dict[str, Any]:
        """Measures the test split by TFX's evaluation, at the thresholds of the eval split.

        Args:
          folder: of the evaluation; TFMA's files go into `test` below it.
          values: metrics of the eval split.
        """
        output = standard_artifacts.ModelEvaluation()
        output.uri = os.path.join(folder, TEST)
        config = proto_utils.json_to_proto(exec_properties[EVAL_CONFIG_KEY], EvalConfig())
        of_test = {
            **exec_properties,
            EVAL_CONFIG_KEY: proto_utils.proto_to_json(config_of_test(config, values)),
            EXAMPLE_SPLITS_KEY: json_utils.dumps([TEST]),
        }
        left_out = (CORPUS_KEY, BASELINE_MODEL_KEY)
        inputs = {key: value for key, value in input_dict.items() if key not in left_out}
        super().Do(inputs, {EVALUATION_KEY: [output]}, of_test)
        return of_split(tfma_output.read(output.uri, bounded=False))


def _refuse(blessing: Artifact) -> None:
    """Overwrites TFX's blessing of the model."""
    blessed = os.path.join(blessing.uri, constants.BLESSED_FILE_NAME)
    if fileio.exists(blessed):
        fileio.remove(blessed)
    io_utils.write_string_file(os.path.join(blessing.uri, constants.NOT_BLESSED_FILE_NAME), "")
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY, constants.NOT_BLESSED_VALUE
    )
