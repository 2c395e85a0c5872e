"""What a served model takes and answers, as a file beside its graph.

Programs that score rows of users' files read it: a SavedModel itself says only that its signatures
take serialized tf.Examples.
"""

import os
from typing import Literal

import tensorflow as tf
from google.protobuf import text_format
from pydantic import Field, ValidationError
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.compiled import CompiledRelation
from relation.core.errors import DataError
from relation.data import RowReading
from relation.schema import Feature, read_features
from relation.spec import Frozen, LabelKind, Relation
from trainer_module.registry import HEADS, predicted_image
from trainer_module.request import TrainingRequest
from trainer_module.tasks.base import Task

EVALUATE = "evaluate"
"""The signature with all columns of a prediction, which the Evaluator reads."""
FILE = os.path.join("assets.extra", "interface.json")


class ServedInterface(Frozen):
    """What a served model takes and answers.

    Attributes:
      ids: the id feature of each entity type.
      features: the features that the graph reads, by entity type.
      relation: roles, label and comparisons of tuples.
      scored: the roles whose features the signature `score` reads: one, or the two of a pair.
      outputs: names of tags or classes, in the order of the columns of scores; else empty.
      similarity: what makes embeddings near; None where the head does not compare them so.
      compiled: the compiled relation; None, as the further fields are empty, in models that were
        pushed before there were these fields.
      schemas: of each entity type and edge list, in protobuf's text form.
      readings: how the files of each table that has some were read.
      image: height, width and channels of a predicted image; None where none is predicted.
    """

    ids: dict[str, str]
    features: dict[str, tuple[Feature, ...]]
    relation: Relation
    scored: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    similarity: Literal["euclidean", "cosine", "dot"] | None = None
    compiled: CompiledRelation | None = None
    schemas: dict[str, str] = Field(default={})
    readings: dict[str, RowReading] = Field(default={})
    image: tuple[int, int, int] | None = None

    def columns(self, table: str) -> dict[str, Feature]:
        """Every column of a table by name: of its schema, or of its tower where there is none."""
        if table not in self.schemas:
            return {feature.name: feature for feature in self.features.get(table, ())}
        return read_features(text_format.Parse(self.schemas[table], schema_pb2.Schema()))


def interface_of(request: TrainingRequest, task: Task) -> ServedInterface:
    """Describe the model that a request trains, with its task."""
    compiled = request.preprocessing.compiled
    named = compiled.tuples.label in (LabelKind.TAGS, LabelKind.CLASS)
    return ServedInterface(
        ids=compiled.entities,
        features=request.preprocessing.features,
        relation=compiled.tuples,
        scored=task.roles(task.score_columns),
        outputs=compiled.label.domain if named else (),
        similarity=HEADS.resolve(request.model.head).similarity,
        compiled=compiled,
        schemas=request.schemas,
        readings=request.readings,
        image=predicted_image(request.model, compiled.tuples),
    )


def write_interface(interface: ServedInterface, model: str) -> None:
    """Write the description into the folder of a SavedModel."""
    path = os.path.join(model, FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(interface.model_dump_json(indent=1) + "\n")


def read_interface(model: str) -> ServedInterface:
    """Read the description of a SavedModel.

    Raises:
      DataError: the folder holds no SavedModel of Relata, or one without a readable description.
    """
    path = os.path.join(model, FILE)
    if not tf.saved_model.contains_saved_model(model):
        raise DataError(
            f"{model}: not a SavedModel; expected a folder such as runs/<recipe>/serving/<version>"
        )
    if not tf.io.gfile.exists(path):
        raise DataError(f"{model}: has no {FILE}; a model that is trained anew has it")
    with tf.io.gfile.GFile(path) as file:
        try:
            return ServedInterface.model_validate_json(file.read())
        except ValidationError as error:
            raise DataError(
                f"{path}: not the description of a served model: {error.errors()[0]['msg']}"
            ) from None
