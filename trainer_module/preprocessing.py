"""Transform's preprocessing: analyzed once an entity type, applied to each of its roles.

The split that is analyzed holds every training entity once, under the first role of its type; what
is learnt there (means, vocabularies) is applied to all roles of the type, so that towers that share
weights see one feature space. Keys, labels and other features that no tower takes are left out
here, so that nothing downstream can read them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from relation.names import RELATION, prefixed
from relation.schema import Feature, FeatureKind
from relation.spec import LabelKind
from trainer_module.request import KEY, PreprocessingRequest

Apply = Callable[[tf.SparseTensor], tf.Tensor]
Analyze = Callable[[tf.SparseTensor, Feature, str], Apply]


def preprocessing_fn(
    inputs: Mapping[str, tf.SparseTensor], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor]:
    """Raw features of tuples -> what towers and losses take.

    Args:
      inputs: every feature of the tuple schema, variable-length.
      custom_config: holds a PreprocessingRequest as JSON.

    Returns:
      `<role>_<feature>` for the features of the request, [batch, width] (float32 z-scores, int64
      vocabulary indices, encoded images as bytes); `relation` float32 [batch, 1] where it is.
    """
    request = PreprocessingRequest.model_validate_json(custom_config[KEY])
    outputs: dict[str, tf.Tensor] = {}
    for entity in request.relation.entities:
        roles = request.relation.roles_of(entity)
        for feature in request.features:
            analyzed = inputs[prefixed(roles[0], feature.name)]
            name = f"{entity}_{feature.name}"
            apply = _ANALYZE[feature.kind](analyzed, feature, name)
            for role in roles:
                outputs[prefixed(role, feature.name)] = apply(inputs[prefixed(role, feature.name)])
    if request.relation.label is not LabelKind.NONE:
        outputs[RELATION] = _dense(inputs[RELATION], 1, 0.0)
    return outputs


def _dense(values: tf.SparseTensor, width: int, default: Any) -> tf.Tensor:
    """[batch, width]: rows with fewer values are padded with `default`, those with more are cut."""
    dense = tf.sparse.to_dense(values, default_value=tf.constant(default, values.dtype))
    dense = dense[:, :width]
    padded = tf.pad(
        dense,
        [[0, 0], [0, width - tf.shape(dense)[1]]],
        constant_values=tf.constant(default, values.dtype),
    )
    return tf.ensure_shape(padded, [None, width])


def _image(analyzed: tf.SparseTensor, feature: Feature, name: str) -> Apply:
    del analyzed, name
    return lambda values: _dense(values, feature.width, "")


def _numeric(analyzed: tf.SparseTensor, feature: Feature, name: str) -> Apply:
    """z-score of each component; a missing value is the mean, hence 0."""

    def as_float(values: tf.SparseTensor) -> tf.Tensor:
        return _dense(tf.cast(values, tf.float32), feature.width, float("nan"))

    known = as_float(analyzed)
    mean = tft.mean(known, reduce_instance_dims=False, name=f"{name}_mean")
    spread = tf.sqrt(tft.var(known, reduce_instance_dims=False, name=f"{name}_var"))

    def apply(values: tf.SparseTensor) -> tf.Tensor:
        dense = as_float(values)
        return tf.where(tf.math.is_nan(dense), 0.0, tf.math.divide_no_nan(dense - mean, spread))

    return apply


def _categorical(analyzed: tf.SparseTensor, feature: Feature, name: str) -> Apply:
    """Index in the entity type's vocabulary; 0 is missing or unknown."""

    def as_text(values: tf.SparseTensor) -> tf.SparseTensor:
        if values.dtype == tf.string:
            return values
        return tf.SparseTensor(
            values.indices, tf.strings.as_string(values.values), values.dense_shape
        )

    vocabulary = tft.vocabulary(as_text(analyzed), vocab_filename=name, name=name)

    def apply(values: tf.SparseTensor) -> tf.Tensor:
        text = _dense(as_text(values), feature.width, "")
        return tft.apply_vocabulary(text, vocabulary, default_value=-1) + 1

    return apply


_ANALYZE: dict[FeatureKind, Analyze] = {
    FeatureKind.IMAGE: _image,
    FeatureKind.NUMERIC: _numeric,
    FeatureKind.CATEGORICAL: _categorical,
}
