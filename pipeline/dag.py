"""Define the pipeline: TFX nodes from a recipe; runners add engine settings."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tfx.components.statistics_gen.component import StatisticsGen
from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.proto import transform_pb2
from tfx.types import BaseChannel

from components.relation_gen.component import RelationGen
from components.resolver.component import NODE_ID, baseline_resolver, latest_blessed_resolver
from components.transform import executor
from components.transform.component import Transform
from components.validation.component import StrictExampleValidator
from pipeline.paths import RemotePaths, RunPaths
from pipeline.recipe_check import require_fit
from pipeline.stages.evaluation import evaluate
from pipeline.stages.file_patterns import Patterns
from pipeline.stages.ingest import Ingested, ingest
from pipeline.stages.reporting import report
from pipeline.stages.training import train
from relation.core.fingerprint import code_fingerprint, content_fingerprint
from relation.core.plugins import module_content
from relation.load import LoadedRecipe
from relation.names import ENTITIES, TRAINED, entity_inputs
from trainer_module.build_request import preprocessing_request
from trainer_module.request import KEY

RELATION_GEN_CODE = ("components.relation_gen.executor", "relation.sources.base")
"""RelationGen's executor, and the sources, whose plug-ins count as part of it; so an edited plug-in
is not served from the cache."""


def build(
    loaded: LoadedRecipe,
    paths: RunPaths | RemotePaths,
    data: Patterns,
    *,
    schema_files: Mapping[str, str] | None = None,
    served: str | None = None,
    stock_resolver: bool = False,
    **pipeline_args: Any,
) -> tfx_pipeline.Pipeline:
    """Build the pipeline of a recipe; without a `model` it ends with Transform and makes data.

    Args:
      loaded: the recipe.
      paths: folders of its outputs.
      data: globs of the files of each entity type and edge list, by name.
      schema_files: schema files as the nodes see them, by name; by default those of the recipe.
      served: see `Pusher`.
      stock_resolver: resolve earlier models by TFX's own strategy, for engines that need it.
      **pipeline_args: engine settings, as `tfx.dsl.Pipeline` takes them.

    Raises:
      RecipeError: a component, metric or split of the recipe does not exist or does not fit.
    """
    recipe = loaded.recipe
    require_fit(loaded)
    ingested = ingest(loaded, data, schema_files or {})
    tuples = _tuples(loaded, ingested)
    transform = _transform(loaded, tuples)
    nodes = [*tuples.nodes, transform]
    model_outputs: dict[str, BaseChannel] = {}
    if recipe.model is not None:
        before, trainer = train(loaded, transform, stock_resolver=stock_resolver)
        nodes += before
        candidate = trainer.outputs["model"]
        resolver = (
            latest_blessed_resolver(NODE_ID, stock=True)
            if stock_resolver
            else baseline_resolver(candidate)
        )
        data_outputs = (ingested.examples, tuples.tuples, tuples.schema)
        evaluation = evaluate(loaded, paths, *data_outputs, trainer, resolver, served)
        nodes += [trainer, resolver, *evaluation]
        model_outputs = {
            **trainer.outputs,
            **evaluation.results,
            "baseline_model": resolver.outputs["model"],
        }
    nodes.append(report(loaded, ingested.examples, tuples.tuples, model_outputs))
    return tfx_pipeline.Pipeline(
        pipeline_name=recipe.name,
        pipeline_root=str(paths.pipeline),
        components=nodes,
        enable_cache=True,
        **pipeline_args,
    )


class _Tuples(NamedTuple):
    """The nodes that end with validated tuples, and their outputs."""

    nodes: tuple[BaseNode, ...]
    tuples: BaseChannel
    schema: BaseChannel


def _tuples(loaded: LoadedRecipe, ingested: Ingested) -> _Tuples:
    relation_gen = RelationGen(
        **_relation_inputs(loaded, ingested),
        request=loaded.compiled.model_dump_json(),
        code_fingerprint=code_fingerprint(*RELATION_GEN_CODE) + _function_fingerprint(loaded),
    )
    relation_gen.add_upstream_nodes(ingested.validators)
    tuples, schema = relation_gen.outputs["tuples"], relation_gen.outputs["tuple_schema"]
    statistics = StatisticsGen(examples=tuples, exclude_splits=[ENTITIES])
    validator = StrictExampleValidator(
        statistics=statistics.with_id("TupleStatistics").outputs["statistics"],
        schema=schema,
        exclude_splits=[ENTITIES],
        title="tuples",
        code_fingerprint=code_fingerprint("components.validation.executor"),
    ).with_id("TupleValidator")
    return _Tuples((*ingested.nodes, relation_gen, statistics, validator), tuples, schema)


def _function_fingerprint(loaded: LoadedRecipe) -> str:
    """Fingerprint the module of the recipe's function; "" where it names none."""
    function = loaded.compiled.function
    if function is None:
        return ""
    return content_fingerprint(module_content(function.rpartition(".")[0]))


def _relation_inputs(loaded: LoadedRecipe, ingested: Ingested) -> dict[str, BaseChannel | None]:
    """Collect RelationGen's inputs: one or two entity types, and the rows that relate them."""
    compiled, entities = loaded.compiled, loaded.recipe.data.entities
    inputs: dict[str, BaseChannel | None] = {
        **{key: ingested.examples.get(name) for key, name in entity_inputs(entities).items()},
        **{key: ingested.schemas[name] for key, name in entity_inputs(entities, "schema").items()},
    }
    if (rows := compiled.related_table) is not None:
        inputs |= {"edges": ingested.examples[rows], "edge_schema": ingested.schemas[rows]}
    if (table := compiled.negatives_table) is not None:
        inputs |= {
            "negatives": ingested.examples[table.name],
            "negative_schema": ingested.schemas[table.name],
        }
    return inputs


def _transform(loaded: LoadedRecipe, tuples: _Tuples) -> Transform:
    preprocessing = "trainer_module.preprocessing.transform"
    transform = Transform(
        examples=tuples.tuples,
        schema=tuples.schema,
        preprocessing_fn=f"{preprocessing}.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=[ENTITIES], transform=TRAINED),
        custom_config={
            KEY: preprocessing_request(loaded).model_dump_json(),
            "code_fingerprint": code_fingerprint(preprocessing, executor.__name__),
        },
        disable_statistics=True,  # TupleStatistics has them.
    )
    transform.add_upstream_node(tuples.nodes[-1])  # Anomalies must stop the run first.
    return transform
