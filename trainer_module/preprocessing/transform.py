"""Transform's preprocessing: analyzed once an entity type, applied to each of its roles.

The split that is analyzed holds every training entity once, under the first role of its type. Its
means and vocabularies are applied to all roles of the type, so that towers that share weights see
one feature space. Categories of one domain of the schema share their vocabulary. Keys, labels and
other features that no tower takes are left out, so that nothing downstream can read them.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from relation.features.words import split_words
from relation.names import NEGATIVE_PROB, RELATION, RELATION_WEIGHT, prefixed
from relation.schema import Feature, FeatureKind
from relation.spec import Relation
from trainer_module.data.batch_keys import as_text, hashed
from trainer_module.preprocessing import numeric_scores
from trainer_module.preprocessing.graph_names import graph_names
from trainer_module.preprocessing.tag_counts import count_tags
from trainer_module.preprocessing.vocabulary import Vocabulary, as_lines
from trainer_module.request import KEY, PreprocessingRequest

Apply = Callable[[tf.SparseTensor, Feature], tf.Tensor]
Analyzed = Sequence[tuple[Feature, tf.SparseTensor]]
Analyze = Callable[[Analyzed, str], Apply]

TEXT_WORDS = 64
"""Words kept of a text whose schema gives no `value_count.max` above 1."""
COMMON_WORDS = 50_000
"""Words that get an index of their own at most: the most frequent ones."""
RARE_FROM = 2
"""A word of fewer occurrences has no index of its own."""
RARE_BUCKETS = 1_024
"""Indices that the other words share by their hash: two texts with one rare word still share it."""
_HASHES = 2**63 - 1
"""Number of hash values of a key: 0 and up."""
_Numeric = tuple[Feature, tf.SparseTensor]
"""A numeric feature, and its values of entities that are analyzed."""
_NUMERIC = FeatureKind.NUMERIC
_WITH_TABLES = (FeatureKind.CATEGORICAL, FeatureKind.TEXT)


def preprocessing_fn(
    inputs: Mapping[str, tf.SparseTensor], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor]:
    """Transforms raw features of tuples into the inputs of towers and losses.

    Args:
      inputs: every feature of the tuple schema, variable-length.
      custom_config: holds a PreprocessingRequest as JSON.

    Returns:
      `<role>_<feature>` for the features of the request, [batch, width] (float32 z-scores or
      normal scores of ranks, int64 vocabulary indices, encoded images as bytes); `relation` float32
      [batch, width], `relation_weight` [batch, 1] and `negative_prob` [batch, negatives], where
      present; `<key>_key`, int64 hashes of the requested keys, variable-length; `<name>_text` of
      the features that name tuples, bytes [batch, 1].
    """
    request = PreprocessingRequest.model_validate_json(custom_config[KEY])
    outputs: dict[str, tf.Tensor] = {}
    groups = _groups(request)
    analyzed = {name: _analyzed(group, request.relation, inputs) for name, group in groups.items()}
    numeric = {name: each[0] for name, each in analyzed.items() if _kind(each) is _NUMERIC}
    scores = _numeric(numeric, request.numbers)
    for name, group in groups.items():
        kind = _kind(analyzed[name])
        apply = scores[name] if kind is _NUMERIC else _ANALYZE[kind](analyzed[name], name)
        roles = [request.relation.roles_of(entity) for entity, _ in group]
        for mine, (_, feature) in zip(roles, group, strict=True):
            transformed = _traced_once(apply, feature)
            for output in (prefixed(role, feature.name) for role in mine):
                outputs[output] = transformed(inputs[output])
    if request.relation.labelled:
        outputs[RELATION] = _dense(inputs[RELATION], request.relation.width, 0.0)
    if request.compiled.weighted:
        outputs[RELATION_WEIGHT] = _dense(inputs[RELATION_WEIGHT], 1, 1.0)
    if request.relation.negatives:
        width = len(request.relation.negatives)
        outputs[NEGATIVE_PROB] = _dense(inputs[NEGATIVE_PROB], width, 1.0)
    if request.counted is not None:
        first = request.relation.roles[0].name
        count_tags(_as_text(inputs[prefixed(first, request.counted)]))
    for name in request.shown:
        words = tf.sparse.to_dense(_as_text(inputs[name]), "")
        joined = tf.strings.reduce_join(words, axis=1, separator=" ", keepdims=True)
        outputs[as_text(name)] = tf.strings.strip(joined)
    for name in request.hashed:
        text = _as_text(inputs[name])
        outputs[hashed(name)] = tf.SparseTensor(
            text.indices,
            tf.strings.to_hash_bucket_fast(text.values, _HASHES),
            text.dense_shape,
        )
    return outputs


def vocabularies(
    transform: tft.TFTransformOutput, features: Mapping[str, Sequence[Feature]]
) -> dict[str, dict[str, Vocabulary]]:
    """The vocabulary of each feature that has one, by entity type and the feature's name."""
    extra = {FeatureKind.CATEGORICAL: 1, FeatureKind.TEXT: 1 + RARE_BUCKETS}
    result: dict[str, dict[str, Vocabulary]] = {entity: {} for entity in features}
    names = graph_names(features)
    for entity, own in features.items():
        for feature in own:
            if feature.kind in extra:
                name = names[entity, feature.name]
                size = len(transform.vocabulary_by_name(name)) + extra[feature.kind]
                result[entity][feature.name] = Vocabulary(name, size)
    return result


def _groups(request: PreprocessingRequest) -> dict[str, list[tuple[str, Feature]]]:
    """Features that share statistics or a vocabulary, with their entity types, by the shared
    name."""
    names = graph_names(request.features)
    groups: dict[str, list[tuple[str, Feature]]] = {}
    for entity in request.relation.entities:
        for feature in request.features[entity]:
            groups.setdefault(names[entity, feature.name], []).append((entity, feature))
    return groups


def _analyzed(
    group: Sequence[tuple[str, Feature]], relation: Relation, inputs: Mapping[str, tf.SparseTensor]
) -> Analyzed:
    """The features of a group, and their values of the entities that are analyzed."""
    firsts = (relation.roles_of(entity)[0] for entity, _ in group)
    return [
        (feature, inputs[prefixed(first, feature.name)])
        for first, (_, feature) in zip(firsts, group, strict=True)
    ]


def _kind(analyzed: Analyzed) -> FeatureKind:
    """The kind of a group's features."""
    return analyzed[0][0].kind


def _traced_once(apply: Apply, feature: Feature) -> Callable[[tf.SparseTensor], tf.Tensor]:
    """Make a call of one function of each role, so that a graph does not grow by roles.

    A list has a role for each of its documents, and graphs are traced, written and read often.
    """
    if feature.kind in _WITH_TABLES:  # TFT makes their tables in the graph that calls it.
        return lambda values: apply(values, feature)
    return tf.function(lambda values: apply(values, feature), autograph=False)


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


def _as_text(values: tf.SparseTensor) -> tf.SparseTensor:
    """Strings as they are, integers in decimal."""
    if values.dtype == tf.string:
        return values
    return tf.SparseTensor(values.indices, tf.strings.as_string(values.values), values.dense_shape)


def _as_lines(values: tf.SparseTensor) -> tf.SparseTensor:
    """Strings and integers as lines of a vocabulary."""
    return _as_text(values).with_values(as_lines(_as_text(values).values))


def _image(analyzed: Analyzed, name: str) -> Apply:
    del analyzed, name
    return lambda values, feature: _dense(values, feature.width, "")


def _numeric(features: Mapping[str, _Numeric], scores: str) -> dict[str, Apply]:
    """Scores of numeric features, analyzed side by side: the function of each, by its name."""
    if not features:
        return {}
    bounds = _bounds(features)
    readers: dict[str, Apply] = {}
    for name, (feature, _) in features.items():
        offset = numeric_scores.offset_of(bounds[name])
        readers[name] = (
            _floats if feature.dtype == "float" else functools.partial(_shifted, offset=offset)
        )
    numbers = [
        numeric_scores.Numbers.of(readers[name](values, feature), bounds[name])
        for name, (feature, values) in features.items()
    ]
    learnt = numeric_scores.SCORES[scores].learn(numeric_scores.Numbers.beside(numbers))
    widths = [feature.width for feature, _ in features.values()]

    def scored(read: Apply, part: numeric_scores.Scores) -> Apply:
        return lambda values, feature: part.apply(read(values, feature))

    parts = numeric_scores.parts_of(learnt, widths)
    return {
        name: scored(read, part) for (name, read), part in zip(readers.items(), parts, strict=True)
    }


def _bounds(features: Mapping[str, _Numeric]) -> dict[str, numeric_scores.Bounds]:
    """The bounds of the numbers of training entities, by feature; of integers as float64."""
    bounds: dict[str, numeric_scores.Bounds] = {}
    for dtype, read in (("float", _floats), ("int", _whole)):
        those = {name: of for name, of in features.items() if of[0].dtype == dtype}
        if those:
            numbers = tf.concat([read(values, feature) for feature, values in those.values()], 1)
            learnt = numeric_scores.learn_bounds(numbers, dtype)
            widths = [feature.width for feature, _ in those.values()]
            bounds |= zip(those, learnt.parts(widths), strict=True)
    return bounds


def _shifted(values: tf.SparseTensor, feature: Feature, offset: tf.Tensor) -> tf.Tensor:
    """Integers less an offset [width]: float32 [batch, width], NaN where there is no value."""
    difference = numeric_scores.without_offset(_dense(values, feature.width, 0), offset)
    return tf.where(_present(values, feature), difference, float("nan"))


def _whole(values: tf.SparseTensor, feature: Feature) -> tf.Tensor:
    """Integers: float64 [batch, width], NaN where there is no value."""
    return _dense(tf.cast(values, tf.float64), feature.width, float("nan"))


def _floats(values: tf.SparseTensor, feature: Feature) -> tf.Tensor:
    """float32 [batch, width], NaN where there is no value, or an infinite one."""
    dense = _dense(values, feature.width, float("nan"))
    return tf.where(tf.math.is_finite(dense), dense, float("nan"))


def _present(values: tf.SparseTensor, feature: Feature) -> tf.Tensor:
    """Whether there is a value, bool [batch, width]."""
    there = tf.SparseTensor(values.indices, tf.ones_like(values.values), values.dense_shape)
    return _dense(there, feature.width, 0) > 0


def _categorical(analyzed: Analyzed, name: str) -> Apply:
    """Index in the vocabulary; 0 is missing or unknown."""
    categories = tf.sparse.concat(axis=1, sp_inputs=[_as_lines(values) for _, values in analyzed])
    vocabulary = tft.vocabulary(categories, vocab_filename=name, name=name)

    def apply(values: tf.SparseTensor, feature: Feature) -> tf.Tensor:
        text = _dense(_as_lines(values), feature.width, "")
        return tft.apply_vocabulary(text, vocabulary, default_value=-1) + 1

    return apply


def _text(analyzed: Analyzed, name: str) -> Apply:
    """Indices of the words, in order; 0 is padding, and a rare or unknown word has a bucket."""
    words = tf.concat([_words(values) for _, values in analyzed], axis=1)
    vocabulary = tft.vocabulary(
        words, top_k=COMMON_WORDS, frequency_threshold=RARE_FROM, vocab_filename=name, name=name
    )

    def apply(values: tf.SparseTensor, feature: Feature) -> tf.Tensor:
        indices = tft.apply_vocabulary(
            _words(values).to_sparse(), vocabulary, num_oov_buckets=RARE_BUCKETS
        )
        shifted = tf.SparseTensor(indices.indices, indices.values + 1, indices.dense_shape)
        return _dense(shifted, feature.width if feature.width > 1 else TEXT_WORDS, 0)

    return apply


def _words(texts: tf.SparseTensor) -> tf.RaggedTensor:
    """The words of all texts of a row: string [batch, texts] -> ragged [batch, words]."""
    joined = tf.strings.reduce_join(tf.sparse.to_dense(texts, ""), axis=1, separator=" ")
    return split_words(joined)


_ANALYZE: dict[FeatureKind, Analyze] = {
    FeatureKind.IMAGE: _image,
    FeatureKind.CATEGORICAL: _categorical,
    FeatureKind.TEXT: _text,
}
