"""EntityGen's executor: TFX's ExampleGen executor with Relata's readers and row counts."""

import os
from typing import Any

import apache_beam as beam
from apache_beam.typehints.native_type_compatibility import convert_to_beam_type
from tfx import types
from tfx.components.example_gen import base_example_gen_executor
from tfx.types import artifact_utils, standard_component_specs

from components.common.input_files import Redistribute
from components.entity_gen import custom_config, entity_stats, transforms
from relation.files.globs import matching_files


class Executor(base_example_gen_executor.BaseExampleGenExecutor):
    """Read files into the splits of an Examples artifact.

    TFX sets split names, payload format, file format, span, version and fingerprint of the files.
    This executor adds the integer properties `rows_<split>` and `rows_skipped`, and writes
    `entity_stats.json` beside the splits.
    """

    _stats_path = ""
    _rejected: tuple[beam.PCollection, ...] = ()

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Read the files; parameters are TFX's own, and `custom_config`.

        Raises:
          DataError: no file matches, a file is damaged or of another format, a row cannot be
            used (with `bad_rows: fail`), or a split is empty. It names files and records.
        """
        artifact = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.EXAMPLES_KEY]
        )
        self._stats_path = os.path.join(artifact.uri, entity_stats.FILE)
        super().Do(input_dict, output_dict, exec_properties)
        stats = entity_stats.read(self._stats_path)
        stats.check(_config(exec_properties).bad_rows)
        for split, rows in stats.rows.items():
            artifact.set_int_custom_property(f"rows_{split}", rows)
        artifact.set_int_custom_property("rows_skipped", stats.skipped)

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:
        """Return the transform from the files of a pattern to rows."""

        @beam.ptransform_fn
        def read_files(
            pipeline: beam.Pipeline, exec_properties: dict[str, Any], split_pattern: str
        ) -> beam.PCollection:
            config = _config(exec_properties)
            folder = exec_properties[standard_component_specs.INPUT_BASE_KEY]
            paths = matching_files(os.path.join(folder, split_pattern))
            read = (
                pipeline
                | "Files" >> beam.Create(paths, reshuffle=False)
                | "Spread" >> Redistribute(str)
                | "Read"
                >> beam.ParDo(
                    transforms.ReadRows(config.reading, config.folder, config.keys)
                ).with_outputs(transforms.REJECTED, main=transforms.ROWS)
            )
            rejected = read[transforms.REJECTED]
            rejected.element_type = convert_to_beam_type(transforms.Counted)
            self._rejected += (rejected,)
            return read[transforms.ROWS]

        return read_files

    def GenerateExamplesByBeam(
        self, pipeline: beam.Pipeline, exec_properties: dict[str, Any]
    ) -> dict[str, beam.PCollection]:
        """Read the rows of every split, and write their counts beside."""
        self._rejected = ()
        splits = super().GenerateExamplesByBeam(pipeline, exec_properties)
        rejected = self._rejected | "Rejected" >> beam.Flatten()
        _ = (splits, rejected) | "Stats" >> transforms.WriteStats(self._stats_path)
        return splits


def _config(exec_properties: dict[str, Any]) -> custom_config.Config:
    return custom_config.unpack(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY])
