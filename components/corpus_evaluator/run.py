"""Runs one evaluation of a corpus from start to end."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import apache_beam as beam
import numpy as np
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.columns import take
from components.common.evaluation.corpus_results import BLESSED, MODEL
from components.common.input_files import Redistribute
from components.common.rows.row_requirements import RowSpec, entity_spec
from components.corpus_evaluator.baselines import image_baseline, tuple_baseline
from components.corpus_evaluator.baselines.raw_vectors import RawVectors
from components.corpus_evaluator.baselines.space_baseline import SpaceBaseline
from components.corpus_evaluator.embeddings import collapse
from components.corpus_evaluator.embeddings.encode import EncodeEntities, EntityPlan
from components.corpus_evaluator.embeddings.id_tuples import (
    ELSEWHERE,
    IdTuples,
    ReadEdges,
    ReadTuples,
    joined,
)
from components.corpus_evaluator.embeddings.id_tuples import read as read_id_tuples
from components.corpus_evaluator.embeddings.population import Population, Populations
from components.corpus_evaluator.embeddings.raw_features import RawFeatureLayout
from components.corpus_evaluator.request import CorpusRequest
from components.corpus_evaluator.retrieval.corpus_metrics import Corpus, CorpusMetrics, Space
from relation.names import TRAIN, prefixed
from relation.retrieval.distances import Similarity
from relation.retrieval.points import Floats
from relation.retrieval.question import Question
from relation.schema import FeatureKind
from relation.spec import LabelKind

SHARD_BYTES = 4 * 2**20
EDGES = "edges"
OWN = "own"

Plans: TypeAlias = Mapping[tuple[str, str], tuple[EntityPlan, Sequence[str]]]
"""The plan and the files of each entity type and split to encode."""


@dataclasses.dataclass(frozen=True)
class Files:
    """Paths of TFRecord files.

    Attributes:
      entities: by entity type that has rows of its own, and split; each split of a common type
        has all its files.
      tuples: by split.
      edges: by the split that the files say, which may be none of those of tuples.
      sizes: in bytes, by path.
    """

    entities: Mapping[str, Mapping[str, Sequence[str]]]
    tuples: Mapping[str, Sequence[str]]
    edges: Mapping[str, Sequence[str]]
    sizes: Mapping[str, int]


def evaluate(
    request: CorpusRequest,
    files: Files,
    models: Mapping[str, str],
    scratch: str,
    local: str,
    make_pipeline: Callable[[], beam.Pipeline],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measures a model.

    Args:
      request: what to measure, and on which split.
      files: the input files.
      models: folders of SavedModels: `MODEL`, and `BLESSED` if there is one.
      scratch: a folder that all workers can write to.
      local: a folder on this machine.
      make_pipeline: makes the Beam pipeline.

    Returns:
      The content of `corpus.json`, and the arrays of `sample.npz`.
    """
    plans = _plans(request, files, models, scratch)
    own_plans = _own_plans(request, plans)
    id_tuples = _run(request, files, [*plans.values(), *own_plans.values()], scratch, make_pipeline)
    populations = {
        key: Population.read(plan, os.path.join(local, "-".join(key)))
        for key, (plan, _) in plans.items()
    }
    shapes = {
        entity: collapse.shape(population.vectors[MODEL])
        for (entity, split), population in populations.items()
        if split == request.held_out and len(population)
    }
    result: dict[str, Any] = {
        "embeddings": {entity: shape._asdict() for entity, shape in shapes.items()},
        "question": None,
        "spaces": {},
        "slices": [],
        "tuples": None,
    }
    if request.question is None:
        if request.image is not None:
            splits = (TRAIN, request.held_out)
            sums = (image_baseline.read(_images(scratch, s), request.image) for s in splits)
            tuples = image_baseline.of_images(*sums)
        else:
            own = populations | {
                key: Population.read(plan, os.path.join(local, "-".join((OWN, *key))))
                for key, (plan, _) in own_plans.items()
            }
            both = id_tuples[TRAIN], id_tuples[request.held_out]
            features = RawVectors(request, populations, own, local)
            relation, orders_only = request.compiled.tuples, request.orders_only
            tuples = tuple_baseline.of_tuples(relation, *both, features, orders_only)
        return result | {"tuples": tuples and tuples.to_json()}, {}
    baseline = SpaceBaseline(request, populations, local)
    if not all(shape.finite == 1 for shape in shapes.values()):
        return result, {}
    metrics = _metrics(request, request.question, populations, id_tuples, baseline)
    return result | metrics.to_json(), metrics.arrays()


def _plans(request: CorpusRequest, files: Files, models: Mapping[str, str], scratch: str) -> Plans:
    compiled, question = request.compiled, request.question
    wanted = [(entity, request.held_out) for entity in compiled.tuples.entities]
    if request.reference_key is not None:
        wanted.append(request.reference_key)
    measured = set(wanted)
    wanted += [(question.query, split) for question, split in _not_counted(request)]
    if question is None and request.image is None:
        wanted += [(entity, TRAIN) for entity in compiled.tuples.entities]
    by_label = question is not None and question.relevant == "label"
    label = compiled.label_by if by_label else None
    plans = {}
    for entity, split in dict.fromkeys(wanted):
        own = entity in request.schemas
        paths = files.entities[entity][split] if own else files.tuples[split]
        primary = entity == compiled.primary
        plan = EntityPlan(
            name=entity,
            id=compiled.entities[entity],
            rows=_row_spec(request, entity) if own else None,
            roles=() if own else compiled.tuples.roles_of(entity),
            label=label if primary else None,
            layout=RawFeatureLayout(request.baseline_features[entity]),
            slices=request.slices if primary else (),
            models=models if (entity, split) in measured else {},
            folder=os.path.join(scratch, f"{entity}-{split}"),
            shards=max(1, sum(files.sizes[path] for path in paths) // SHARD_BYTES),
        )
        plans[entity, split] = (plan, paths)
    return plans


def _own_plans(request: CorpusRequest, plans: Plans) -> Plans:
    """Plans of all features of each type, where baselines of tuples use others than the shared."""
    if request.question is not None or request.image is not None:
        return {}
    return {
        (entity, split): (
            dataclasses.replace(
                plan,
                layout=RawFeatureLayout(request.own_features[entity]),
                models={},
                folder=f"{plan.folder}-{OWN}",
            ),
            paths,
        )
        for (entity, split), (plan, paths) in plans.items()
        if request.own_features[entity] != request.baseline_features[entity]
    }


def _not_counted(request: CorpusRequest) -> list[tuple[Question, str]]:
    """The question, with each split whose edges give no popularity: of neither training nor this
    split. Only where the split of an edge is that of its left end."""
    compiled, question = request.compiled, request.question
    if question is None or question.relevant != "edges" or question.same or compiled.filtered:
        return []
    if question.query in compiled.shared:
        return []
    return [(question, s) for s in compiled.measured if s != request.held_out]


def _row_spec(request: CorpusRequest, entity: str) -> RowSpec:
    schema = text_format.Parse(request.schemas[entity], schema_pb2.Schema())
    return entity_spec(request.compiled, entity, schema).rows


def _metrics(
    request: CorpusRequest,
    question: Question,
    populations: Populations,
    id_tuples: Mapping[str, IdTuples],
    baseline: SpaceBaseline,
) -> CorpusMetrics:
    assert request.reference_key is not None
    queries = populations[question.query, request.held_out]
    references = populations[request.reference_key]
    related = id_tuples[EDGES]
    elsewhere: IdTuples | None = None
    if question.relevant == "tuples":
        by_split = {s: _related(request, id_tuples[s]) for s in request.compiled.shares}
        related = by_split.pop(request.held_out)
        elsewhere = joined(list(by_split.values()), 2, related.labels.shape[1])
    elif request.compiled.filtered:
        held_out = related.labels[:, 0] == 1
        related, elsewhere = (
            take(related, np.flatnonzero(chosen)) for chosen in (held_out, ~held_out)
        )
    for _, split in _not_counted(request):
        others = populations[question.query, split].positions(related.members[:, 0]) >= 0
        related.labels[others] = ELSEWHERE
    corpus = Corpus.of(question, queries, references, related, elsewhere)
    assert request.similarity is not None
    near = Similarity(request.similarity)
    spaces = {
        name: Space(queries.vectors[name], references.vectors[name], near, name)
        for name in (MODEL, BLESSED)
        if _usable(name, queries, references)
    }
    baselines = baseline.spaces(question, queries, references, related, elsewhere)
    return CorpusMetrics(request, corpus, spaces, tuple(baselines))


def _usable(name: str, *populations: Population) -> bool:
    """Whether all populations have finite vectors of a model."""
    vectors: list[Floats] = [p.vectors[name] for p in populations if name in p.vectors]
    return len(vectors) == len(populations) and all(np.isfinite(v).all() for v in vectors)


def _related(request: CorpusRequest, tuples: IdTuples) -> IdTuples:
    """The pairs of a left and a right member in the tuples that say "related"."""
    relation = request.compiled.tuples
    column = {role.name: i for i, role in enumerate(relation.roles)}
    scored = [column[role] for role in relation.scored[:2]]
    related = np.ones(len(tuples.weights), dtype=bool)
    if relation.label is LabelKind.BINARY:
        related = tuples.labels[:, 0] == 1
    rows = take(tuples, np.flatnonzero(related))
    return dataclasses.replace(rows, members=rows.members[:, scored])


def _run(
    request: CorpusRequest,
    files: Files,
    plans: Sequence[tuple[EntityPlan, Sequence[str]]],
    scratch: str,
    make_pipeline: Callable[[], beam.Pipeline],
) -> dict[str, IdTuples]:
    """Encodes the entities, and reads `EDGES`, and the tuples of each split."""
    compiled, question = request.compiled, request.question
    relation = compiled.tuples
    width = 0 if relation.label is LabelKind.NONE else relation.width
    folders = {name: os.path.join(scratch, f"ids-{name}") for name in (EDGES, *files.tuples)}
    readers: dict[str, tuple[Sequence[str], beam.DoFn]] = {
        split: (paths, ReadTuples(folders[split], compiled))
        for split, paths in files.tuples.items()
    }
    if question is not None and question.relevant == "edges":
        readers |= {
            f"{EDGES}-{split}": (
                paths,
                ReadEdges(folders[EDGES], compiled, split, request.held_out),
            )
            for split, paths in files.edges.items()
        }
    with make_pipeline() as pipeline:
        for plan, paths in plans:
            name = os.path.basename(plan.folder)
            created = pipeline | f"Paths[{name}]" >> beam.Create(list(paths), reshuffle=False)
            shuffled = created | f"Reshuffle[{name}]" >> Redistribute(str)
            _ = shuffled | f"Entities[{name}]" >> EncodeEntities(plan)
        if request.image is not None:
            readers |= {
                f"images-{split}": (files.tuples[split], _image_reader(request, scratch, split))
                for split in (TRAIN, request.held_out)
            }
        for name, (paths, reader) in readers.items():
            created = pipeline | f"Paths[{name}]" >> beam.Create(list(paths), reshuffle=False)
            shuffled = created | f"Reshuffle[{name}]" >> Redistribute(str)
            _ = shuffled | f"IdTuples[{name}]" >> beam.ParDo(reader)
    return {
        name: read_id_tuples(folder, *((2, 1) if name == EDGES else (len(relation.roles), width)))
        for name, folder in folders.items()
    }


def _image_reader(request: CorpusRequest, scratch: str, split: str) -> image_baseline.ReadImages:
    assert request.image is not None
    image, label = (
        next(
            (
                prefixed(role.name, feature.name)
                for feature in request.features[role.entity]
                if feature.kind is FeatureKind.IMAGE
            ),
            None,
        )
        for role in request.compiled.tuples.roles
    )
    assert label is not None  # The label's tower outputs an image.
    return image_baseline.ReadImages(_images(scratch, split), label, image, request.image)


def _images(scratch: str, split: str) -> str:
    return os.path.join(scratch, f"images-{split}")
