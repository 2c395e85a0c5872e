"""The ingest stage: read, validate and split rows."""

from collections.abc import Mapping
from typing import NamedTuple

from tfx.components.statistics_gen.component import StatisticsGen
from tfx.dsl.components.base.base_node import BaseNode
from tfx.types import BaseChannel

from components.entity_gen.component import EntityGen
from components.schema_gen.component import CuratedSchemaGen
from components.split_gen.component import SplitGen
from components.validation.component import StrictExampleValidator
from pipeline.stages.file_patterns import Pattern, Patterns
from pipeline.stages.splitting import hash_keys, split_step
from relation.core.fingerprint import code_fingerprint, content_fingerprint
from relation.load import LoadedRecipe
from relation.names import EVAL, TEST, TRAIN


class Ingested(NamedTuple):
    """The nodes and outputs of the stage, by name of entity type or edge list.

    Attributes:
      nodes: in topological order.
      schemas: of every entity type and edge list.
      examples: rows of those that are read, in splits.
      validators: nodes that must succeed before the rows are used.
    """

    nodes: tuple[BaseNode, ...]
    schemas: Mapping[str, BaseChannel]
    examples: Mapping[str, BaseChannel]
    validators: tuple[BaseNode, ...]


class _Table(NamedTuple):
    """The nodes of one entity type or edge list; only the schema where nothing is read."""

    schema: BaseNode
    rows: BaseNode | None = None
    statistics: BaseNode | None = None
    validator: BaseNode | None = None

    @property
    def nodes(self) -> list[BaseNode]:
        nodes = (self.rows, self.statistics, self.schema, self.validator)
        return [node for node in nodes if node is not None]


def ingest(loaded: LoadedRecipe, patterns: Patterns, schema_files: Mapping[str, str]) -> Ingested:
    """Make the nodes that read, validate and split every entity type and edge list.

    The first table that is read has plain node ids; those of the others end with its name.

    Args:
      loaded: the recipe.
      patterns: globs of the files, by name.
      schema_files: schema files as the nodes see them, by name; by default those of the recipe.

    Raises:
      RecipeError: the split of the recipe is not possible.
    """
    first = next(iter(loaded.recipe.data.tables))
    tables = {}
    for name in loaded.schemas:
        file = schema_files.get(name) or str(loaded.schema_paths[name])
        tables[name] = table = _table(loaded, name, patterns.get(name), file)
        for node in table.nodes:
            node.with_id(node.id if name == first else f"{node.id}_{name}")
    nodes = [node for table in tables.values() for node in table.nodes]
    validators = [table.validator for table in tables.values() if table.validator]
    examples = {
        name: table.rows.outputs["examples"] for name, table in tables.items() if table.rows
    }
    if (split := split_step(loaded)) is not None:
        node = SplitGen(
            **{key: examples[name] for key, name in split.inputs.items()},
            request=split.request.model_dump_json(),
            code_fingerprint=code_fingerprint("components.split_gen.executor"),
        )
        node.add_upstream_nodes(validators)
        nodes.append(node)
        examples |= {name: node.outputs[f"split_{key}"] for key, name in split.inputs.items()}
    schemas = {name: table.schema.outputs["schema"] for name, table in tables.items()}
    return Ingested(tuple(nodes), schemas, examples, tuple(validators))


def _table(loaded: LoadedRecipe, name: str, pattern: Pattern | None, schema_file: str) -> _Table:
    schema = CuratedSchemaGen(
        schema_file=schema_file,
        content_fingerprint=content_fingerprint(loaded.schema_paths[name].read_bytes()),
    )
    if pattern is None:
        return _Table(schema)
    rows = _rows(loaded, name, pattern)
    statistics = StatisticsGen(examples=rows.outputs["examples"]).with_id("EntityStatistics")
    validator = StrictExampleValidator(
        statistics=statistics.outputs["statistics"],
        schema=schema.outputs["schema"],
        title="rows" if len(loaded.recipe.data.tables) == 1 else f"rows of {name}",
        code_fingerprint=code_fingerprint("components.validation.executor"),
    ).with_id("EntityValidator")
    return _Table(schema, rows, statistics, validator)


def _rows(loaded: LoadedRecipe, name: str, pattern: Pattern) -> EntityGen:
    data = loaded.recipe.data
    keys, reading = hash_keys(loaded, name, pattern), loaded.row_reading(name)
    shares = data.shares if keys.partition else {}
    return EntityGen(
        pattern=pattern,
        id_feature=keys.id,
        train=shares.get(TRAIN),
        eval=shares.get(EVAL),
        test=shares.get(TEST),
        file_format=reading.format,
        bad_rows=data.bad_rows,
        features=reading.types,
        code_fingerprint=code_fingerprint("components.entity_gen.executor"),
        partition=keys.partition,
        derive_id=reading.derived_id is not None,
        images=reading.images,
        missing=reading.missing,
    )
