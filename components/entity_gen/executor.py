"""Runs EntityGen: TFX's ExampleGen executor, with our readers and a report of what was read."""

import os
from typing import Any

import apache_beam as beam
import tensorflow as tf
from tfx import types
from tfx.components.example_gen import base_example_gen_executor
from tfx.types import artifact_utils, standard_component_specs

from components.entity_gen import custom_config, entity_stats, records, transforms
from relation.core.errors import DataError


class Executor(base_example_gen_executor.BaseExampleGenExecutor):
    """Reads files into the splits of an Examples artifact.

    The artifact gets what TFX sets (split names, payload and file format; the driver adds span,
    version and the fingerprint of the files), the integer properties `rows_<split>` and
    `rows_skipped`, and `entity_stats.json` beside its splits.
    """

    _stats_path = ""
    _reported: tuple[beam.PCollection, ...] = ()

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Entry point; takes TFX's own parameters, and ours in `custom_config`.

        Raises:
          DataError: no file matches; a file is not of its format, or truncated; a row cannot be
            used (and `bad_rows` is "fail"); a split is empty. It names files and records.
        """
        artifact = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.EXAMPLES_KEY]
        )
        self._stats_path = os.path.join(artifact.uri, entity_stats.FILE)
        super().Do(input_dict, output_dict, exec_properties)
        found = entity_stats.read(self._stats_path)
        found.check(_config(exec_properties).bad_rows)
        for split, rows in found.rows.items():
            artifact.set_int_custom_property(f"rows_{split}", rows)
        artifact.set_int_custom_property("rows_skipped", found.skipped)

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:
        """Files that match a pattern, to rows."""

        @beam.ptransform_fn
        def read_files(
            pipeline: beam.Pipeline, exec_properties: dict[str, Any], split_pattern: str
        ) -> beam.PCollection:
            ours = _config(exec_properties)
            folder = exec_properties[standard_component_specs.INPUT_BASE_KEY]
            paths = matching_files(os.path.join(folder, split_pattern))
            layout = records.Layout(ours.features, folder)
            read = (
                pipeline
                | "Files" >> beam.Create(paths)
                | "Spread" >> beam.Reshuffle()
                | "Read"
                >> beam.ParDo(
                    transforms.ReadRows(ours.file_format, ours.keys, layout)
                ).with_outputs(transforms.REPORT, main=transforms.ROWS)
            )
            self._reported += (read[transforms.REPORT],)
            return read[transforms.ROWS]

        return read_files

    def GenerateExamplesByBeam(
        self, pipeline: beam.Pipeline, exec_properties: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """The rows of every split; the report is written beside."""
        self._reported = ()
        splits = super().GenerateExamplesByBeam(pipeline, exec_properties)
        reported = self._reported | "Reported" >> beam.Flatten()
        _ = (splits, reported) | "Report" >> transforms.WriteStats(self._stats_path)
        return splits


def matching_files(pattern: str) -> list[str]:
    """The files that match a glob pattern, sorted.

    Raises:
      DataError: there is none.
    """
    try:
        found = [path for path in tf.io.gfile.glob(pattern) if not tf.io.gfile.isdir(path)]
    except tf.errors.NotFoundError:
        found = []
    if not found:
        raise DataError(f"{pattern}: no file matches")
    return sorted(found)


def _config(exec_properties: dict[str, Any]) -> custom_config.Config:
    return custom_config.unpack(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY])
