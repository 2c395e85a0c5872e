"""The one definition of the pipeline: a recipe in, TFX nodes out; runners add engine settings."""

from typing import Any, NamedTuple

from tfx.components.statistics_gen.component import StatisticsGen
from tfx.components.trainer.component import Trainer
from tfx.components.transform.component import Transform
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.proto import trainer_pb2, transform_pb2
from tfx.types import BaseChannel

from components.entity_gen.component import EntityGen
from components.evaluator.component import Evaluator
from components.pusher.component import Pusher
from components.relation_gen.component import RelationGen
from components.resolver.component import baseline_resolver, stock_baseline_resolver
from components.schema_gen.component import CuratedSchemaGen
from components.validation.component import StrictExampleValidator
from pipeline.paths import RemotePaths, RunPaths
from relation.fingerprint import code_fingerprint, content_fingerprint
from relation.load import LoadedRecipe
from relation.names import ENTITIES, EVAL, TRAIN
from relation.schema import read_features
from trainer_module.metrics.eval_config import eval_config
from trainer_module.parts import check_model
from trainer_module.request import KEY, PreprocessingRequest, TrainingRequest
from trainer_module.signatures import EVALUATE


def build(
    loaded: LoadedRecipe,
    paths: RunPaths | RemotePaths,
    data_pattern: str,
    *,
    schema_file: str | None = None,
    served: str | None = None,
    stock_resolver: bool = False,
    **pipeline_args: Any,
) -> tfx_pipeline.Pipeline:
    """Builds the pipeline of a recipe.

    Args:
      loaded: the recipe.
      paths: where it leaves what it makes.
      data_pattern: glob of the entity type's files.
      schema_file: where the nodes find the schema; by default where the recipe found it.
      served: see `Pusher`.
      stock_resolver: resolve the baseline by TFX's own strategy, for engines that know no other.
      **pipeline_args: engine settings, as `tfx.dsl.Pipeline` takes them.

    Raises:
      RecipeError: the recipe asks for parts or metrics that do not exist or do not fit.
    """
    recipe = loaded.recipe
    check_model(recipe.model, loaded.tuples, loaded.features)
    data = _data(loaded, data_pattern, schema_file or str(loaded.schema_path))
    training = _training(loaded, data)
    model = training.trainer.outputs["model"]
    resolver = stock_baseline_resolver() if stock_resolver else baseline_resolver(model)
    gate = _gate(loaded, paths, data, model, resolver, served)
    return tfx_pipeline.Pipeline(
        pipeline_name=recipe.name,
        pipeline_root=str(paths.pipeline),
        components=[*data.nodes, *training, resolver, *gate],
        enable_cache=True,
        **pipeline_args,
    )


class _Data(NamedTuple):
    """The stage that ends with validated tuples."""

    nodes: tuple[BaseNode, ...]
    tuples: BaseChannel
    tuple_schema: BaseChannel


class _Training(NamedTuple):
    """The stage that ends with a model."""

    transform: BaseNode
    trainer: BaseNode


class _Gate(NamedTuple):
    """The stage that lets a model pass, or does not."""

    evaluator: BaseNode
    pusher: BaseNode


def _data(loaded: LoadedRecipe, data_pattern: str, schema_file: str) -> _Data:
    recipe = loaded.recipe
    entities = EntityGen(
        pattern=data_pattern,
        id_feature=recipe.entity.id,
        train=recipe.data.split.train,
        eval=recipe.data.split.eval,
        file_format=recipe.entity.format,
        bad_rows=recipe.data.bad_rows,
        features=_column_types(loaded),
        code_fingerprint=code_fingerprint("components.entity_gen.executor"),
    )
    statistics = StatisticsGen(examples=entities.outputs["examples"]).with_id("EntityStatistics")
    schema = CuratedSchemaGen(
        schema_file=schema_file,
        content_fingerprint=content_fingerprint(loaded.schema_path.read_bytes()),
    )
    validation_fingerprint = code_fingerprint("components.validation.executor")
    validator = StrictExampleValidator(
        statistics=statistics.outputs["statistics"],
        schema=schema.outputs["schema"],
        title="rows",
        code_fingerprint=validation_fingerprint,
    ).with_id("EntityValidator")
    relation_gen = RelationGen(
        examples=entities.outputs["examples"],
        schema=schema.outputs["schema"],
        request=loaded.materialization.model_dump_json(),
        code_fingerprint=code_fingerprint("components.relation_gen.executor"),
    )
    relation_gen.add_upstream_node(validator)
    tuple_statistics = StatisticsGen(
        examples=relation_gen.outputs["tuples"], exclude_splits=[ENTITIES]
    ).with_id("TupleStatistics")
    tuple_validator = StrictExampleValidator(
        statistics=tuple_statistics.outputs["statistics"],
        schema=relation_gen.outputs["tuple_schema"],
        exclude_splits=[ENTITIES],
        title="tuples",
        code_fingerprint=validation_fingerprint,
    ).with_id("TupleValidator")
    return _Data(
        nodes=(
            entities,
            statistics,
            schema,
            validator,
            relation_gen,
            tuple_statistics,
            tuple_validator,
        ),
        tuples=relation_gen.outputs["tuples"],
        tuple_schema=relation_gen.outputs["tuple_schema"],
    )


def _column_types(loaded: LoadedRecipe) -> dict[str, str]:
    """What tables need the schema for; other rows are not read again when it is edited."""
    if loaded.recipe.entity.format not in ("csv", "parquet"):
        return {}
    return {name: feature.dtype for name, feature in read_features(loaded.schema).items()}


def _training(loaded: LoadedRecipe, data: _Data) -> _Training:
    preprocessing = "trainer_module.preprocessing"
    transform = Transform(
        examples=data.tuples,
        schema=data.tuple_schema,
        preprocessing_fn=f"{preprocessing}.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=[ENTITIES], transform=[TRAIN, EVAL]),
        custom_config={
            KEY: PreprocessingRequest.of(loaded).model_dump_json(),
            "code_fingerprint": code_fingerprint(preprocessing),
        },
    )
    transform.add_upstream_node(data.nodes[-1])  # Nothing is learnt from tuples with anomalies.
    training = "trainer_module.run_fn"
    trainer = Trainer(
        run_fn=f"{training}.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN]),
        eval_args=trainer_pb2.EvalArgs(splits=[EVAL]),
        custom_config={
            KEY: TrainingRequest.of(loaded).model_dump_json(),
            "code_fingerprint": code_fingerprint(training),
        },
    )
    return _Training(transform, trainer)


def _gate(
    loaded: LoadedRecipe,
    paths: RunPaths | RemotePaths,
    data: _Data,
    model: BaseChannel,
    resolver: Resolver,
    served: str | None,
) -> _Gate:
    evaluator = Evaluator(
        examples=data.tuples,
        model=model,
        baseline_model=resolver.outputs["model"],
        eval_config=eval_config(
            loaded.tuples,
            loaded.recipe.evaluation,
            signature=EVALUATE,
            code_fingerprint=code_fingerprint(
                "trainer_module.metrics.tfma_metrics", "components.evaluator.executor"
            ),
            slice_role=loaded.tuples.roles[0].name,
        ),
        example_splits=[EVAL],
        schema=data.tuple_schema,
    )
    pusher = Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        folder=str(paths.serving),
        served=served,
    )
    return _Gate(evaluator, pusher)
