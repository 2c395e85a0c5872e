"""Runs one evaluation of a corpus from start to end; the executor hands over what it is made of."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import apache_beam as beam
import numpy as np
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.corpus_results import BLESSED, MODEL, TRIVIAL
from components.common.row_requirements import RowSpec, entity_spec
from components.corpus_evaluator.baselines import image_baseline, tuple_baseline
from components.corpus_evaluator.baselines.space_baseline import Untrained
from components.corpus_evaluator.embeddings import collapse
from components.corpus_evaluator.embeddings.encode import EncodeEntities, EntityPlan
from components.corpus_evaluator.embeddings.id_tuples import Links, ReadEdges, ReadTuples
from components.corpus_evaluator.embeddings.id_tuples import read as read_links
from components.corpus_evaluator.embeddings.points import Floats
from components.corpus_evaluator.embeddings.population import Population
from components.corpus_evaluator.embeddings.raw_features import Layout
from components.corpus_evaluator.request import CorpusRequest, Question
from components.corpus_evaluator.retrieval.corpus_metrics import Answer, Corpus, Space
from components.corpus_evaluator.retrieval.measures import Similarity
from relation.names import EVAL, TRAIN, prefixed
from relation.schema import FeatureKind
from relation.spec import LabelKind

SHARD_BYTES = 4 * 2**20
EDGES = "edges"

Plans: TypeAlias = Mapping[tuple[str, str], tuple[EntityPlan, Sequence[str]]]
"""What is encoded of which files, by entity type and split."""
Populations: TypeAlias = Mapping[tuple[str, str], Population]


@dataclasses.dataclass(frozen=True)
class Files:
    """Paths of TFRecord files, and their sizes in bytes.

    `entities`: of each entity type that has rows of its own, by split (of a type that is in both,
    those of both). `tuples`: by split. `edges`: all that may link held-out entities.
    """

    entities: Mapping[str, Mapping[str, Sequence[str]]]
    tuples: Mapping[str, Sequence[str]]
    edges: Sequence[str]
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
      request: what is asked.
      files: the rows.
      models: folders of SavedModels: `MODEL`, and `BLESSED` where there is one.
      scratch: a folder that all workers can write to.
      local: a folder on this machine.
      make_pipeline: makes the Beam pipeline to run in.

    Returns:
      What `corpus.json` and `sample.npz` hold.
    """
    plans = _plans(request, files, models, scratch)
    linked = _run(request, files, plans, scratch, make_pipeline)
    found = {
        key: Population.read(plan, os.path.join(local, "-".join(key)))
        for key, (plan, _) in plans.items()
    }
    shapes = {
        entity: collapse.shape(population.vectors[MODEL])
        for (entity, split), population in found.items()
        if split == EVAL and len(population)
    }
    result: dict[str, Any] = {
        "embeddings": {entity: shape._asdict() for entity, shape in shapes.items()},
        "question": None,
        "spaces": {},
        "slices": [],
        "tuples": None,
    }
    untrained = Untrained(request, found, local)
    if request.question is None:
        relation = request.materialization.tuples
        if request.image is not None:
            sums = (image_baseline.read(_images(scratch, s), request.image) for s in (TRAIN, EVAL))
            least = image_baseline.of_images(*sums)
        else:
            least = tuple_baseline.of_tuples(
                relation, linked[TRAIN], linked[EVAL], untrained.near, untrained.rows
            )
        return result | {"tuples": least and least._asdict()}, {}
    if not all(shape.finite == 1 for shape in shapes.values()):
        return result, {}
    answer = _answer(request, request.question, found, linked, untrained)
    return result | answer.to_json(), answer.arrays()


def _plans(request: CorpusRequest, files: Files, models: Mapping[str, str], scratch: str) -> Plans:
    asked, question = request.materialization, request.question
    wanted = [(entity, EVAL) for entity in asked.tuples.entities]
    if request.found is not None:
        wanted.append(request.found)
    measured = set(wanted)
    if request.alone is not None:
        wanted.append((request.alone, TRAIN))
    by_label = question is not None and question.relevant == "label"
    label = getattr(asked.relation.source, "feature", None) if by_label else None
    plans = {}
    for entity, split in dict.fromkeys(wanted):
        own = entity in request.schemas
        paths = files.entities[entity][split] if own else files.tuples[split]
        primary = entity == asked.primary
        plan = EntityPlan(
            name=entity,
            id=asked.entities[entity],
            rows=_screened(request, entity) if own else None,
            roles=() if own else asked.tuples.roles_of(entity),
            label=label if primary else None,
            layout=Layout(request.untrained[entity]),
            slices=request.slices if primary else (),
            models=models if (entity, split) in measured else {},
            folder=os.path.join(scratch, f"{entity}-{split}"),
            shards=max(1, sum(files.sizes[path] for path in paths) // SHARD_BYTES),
        )
        plans[entity, split] = (plan, paths)
    return plans


def _screened(request: CorpusRequest, entity: str) -> RowSpec:
    schema = text_format.Parse(request.schemas[entity], schema_pb2.Schema())
    return entity_spec(request.materialization, entity, schema).rows


def _answer(
    request: CorpusRequest,
    question: Question,
    found: Populations,
    linked: Mapping[str, Links],
    untrained: Untrained,
) -> Answer:
    assert request.found is not None
    queries, references = found[question.query, EVAL], found[request.found]
    related = linked[EDGES]
    if question.relevant == "tuples":
        related = _related(request, linked[EVAL])
    corpus = Corpus.of(question, queries, references, related)
    assert request.similarity is not None
    near = Similarity(request.similarity)
    spaces = {
        name: Space(queries.vectors[name], references.vectors[name], near, name)
        for name in (MODEL, BLESSED)
        if _usable(name, queries, references)
    }
    space = untrained.space(question, queries, references, related)
    if space is not None:
        spaces[TRIVIAL] = space
    return Answer(request, corpus, spaces)


def _usable(name: str, *populations: Population) -> bool:
    found: list[Floats] = [p.vectors[name] for p in populations if name in p.vectors]
    return len(found) == len(populations) and all(np.isfinite(v).all() for v in found)


def _related(request: CorpusRequest, tuples: Links) -> Links:
    """The tuples as links from the left member to the right one, of those that are related."""
    relation = request.materialization.tuples
    column = {role.name: i for i, role in enumerate(relation.roles)}
    ends = [column[role] for role in relation.scored[:2]]
    related = np.ones(len(tuples.weights), dtype=bool)
    if relation.label is LabelKind.BINARY:
        related = tuples.labels[:, 0] == 1
    return Links(tuples.members[related][:, ends], tuples.labels[related], tuples.weights[related])


def _run(
    request: CorpusRequest,
    files: Files,
    plans: Plans,
    scratch: str,
    make_pipeline: Callable[[], beam.Pipeline],
) -> dict[str, Links]:
    """Encodes the entities, and reads what links them: edges, and tuples by split."""
    asked, question = request.materialization, request.question
    relation = asked.tuples
    width = 0 if relation.label is LabelKind.NONE else relation.width
    folders = {name: os.path.join(scratch, f"links-{name}") for name in (EDGES, TRAIN, EVAL)}
    readers: dict[str, tuple[Sequence[str], beam.DoFn]] = {
        split: (files.tuples[split], ReadTuples(folders[split], asked)) for split in (TRAIN, EVAL)
    }
    if question is not None and question.relevant == "edges":
        readers[EDGES] = (files.edges, ReadEdges(folders[EDGES], asked))
    with make_pipeline() as pipeline:
        for (entity, split), (plan, paths) in plans.items():
            made = pipeline | f"Paths[{entity},{split}]" >> beam.Create(list(paths))
            spread = made | f"Spread[{entity},{split}]" >> beam.Reshuffle()
            _ = spread | f"Entities[{entity},{split}]" >> EncodeEntities(plan)
        if request.image is not None:
            readers |= {
                f"images-{split}": (files.tuples[split], _image_reader(request, scratch, split))
                for split in (TRAIN, EVAL)
            }
        for name, (paths, reader) in readers.items():
            made = pipeline | f"Paths[{name}]" >> beam.Create(list(paths))
            spread = made | f"Spread[{name}]" >> beam.Reshuffle()
            _ = spread | f"Links[{name}]" >> beam.ParDo(reader)
    return {
        name: read_links(folder, *((2, 0) if name == EDGES else (len(relation.roles), width)))
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
        for role in request.materialization.tuples.roles
    )
    assert label is not None  # Its tower gives an image.
    return image_baseline.ReadImages(_images(scratch, split), label, image, request.image)


def _images(scratch: str, split: str) -> str:
    return os.path.join(scratch, f"images-{split}")
