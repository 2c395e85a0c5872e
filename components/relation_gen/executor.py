"""The executor of RelationGen: artifacts in, artifacts out; `pipeline.py` does the work."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.common.examples_artifact import check_formats, describe, split_globs, split_names
from components.common.input_files import InputFile, input_files
from components.relation_gen.pipeline import materialize
from components.relation_gen.stats import summary
from relation.compiled import CompiledRelation
from relation.names import ENTITIES, entity_inputs
from relation.schema import tuple_schema

SCHEMA_FILE = "schema.pbtxt"
ALL = "all"
"""The split name of rows that have no split yet."""


class Executor(base_beam_executor.BaseBeamExecutor):
    """Makes tuples of the examples of each split, and the schema of the tuples."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See `component.RelationGen` for inputs, outputs and properties.

        Raises:
          UserError: the data cannot be used; the message says what to fix.
        """
        tuples = artifact_utils.get_single_instance(output_dict["tuples"])
        relation = CompiledRelation.model_validate_json(exec_properties["request"])
        inputs = Inputs.of(relation, input_dict)
        splits = inputs.splits
        stats = materialize(
            relation,
            inputs.schemas,
            inputs.files,
            splits,
            [],
            tuples.uri,
            self._make_beam_pipeline,
        )
        describe(tuples, next(iter(inputs.examples.values())), [*splits, ENTITIES])
        for name, count in summary.properties(stats).items():
            tuples.set_int_custom_property(name, count)
        folder = artifact_utils.get_single_uri(output_dict["tuple_schema"])
        described = tuple_schema(relation, inputs.schemas)
        io_utils.write_string_file(
            os.path.join(folder, SCHEMA_FILE), text_format.MessageToString(described)
        )


@dataclass(frozen=True)
class Inputs:
    """The artifacts of each input, by its name: rows, and schemas."""

    examples: dict[str, types.Artifact]
    schemas: dict[str, schema_pb2.Schema]
    shares: Mapping[str, int]

    @classmethod
    def of(cls, relation: CompiledRelation, artifacts: dict[str, list[types.Artifact]]) -> "Inputs":
        """Names the inputs of the component: the first entity type of the recipe is `examples` and
        `schema`, the second `other_examples` and `other_schema`, the edge list `edges` and
        `edge_schema`, listed negatives `negatives` and `negative_schema`; types whose rows are not
        read have a schema only."""
        names = entity_inputs(relation.entities)
        described = entity_inputs(relation.entities, "schema")
        if relation.related_table is not None:
            names["edges"] = described["edge_schema"] = relation.related_table
        if relation.negatives_table is not None:
            names["negatives"] = described["negative_schema"] = relation.negatives_table.name
        single = artifact_utils.get_single_instance
        return cls(
            {name: single(artifacts[key]) for key, name in names.items() if artifacts.get(key)},
            {name: _read_schema(single(artifacts[key])) for key, name in described.items()},
            relation.shares,
        )

    @property
    def splits(self) -> list[str]:
        """The splits of the tuples: those that the rows have."""
        named = [split_names(artifact) for artifact in self.examples.values()]
        split = [names for names in named if names != [ALL]]
        return max(split, key=len) if split else list(self.shares)

    @property
    def files(self) -> list[InputFile]:
        """The files of all inputs. Rows outside the splits of tuples have no split yet."""
        files = []
        for name, artifact in self.examples.items():
            check_formats("examples", artifact)
            for split in split_names(artifact):
                files += input_files(name, split_globs(artifact, split), split)
        return files


def _read_schema(artifact: types.Artifact) -> schema_pb2.Schema:
    path = io_utils.get_only_uri_in_dir(artifact.uri)
    return io_utils.parse_pbtxt_file(path, schema_pb2.Schema())
