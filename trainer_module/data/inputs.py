"""Transformed tuples as a tf.data pipeline of (inputs, targets, weights)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy.typing as npt
import tensorflow as tf

from relation.core.errors import DataError
from relation.names import RELATION, RELATION_WEIGHT, prefixed
from relation.spec import Relation
from trainer_module.data.batch_keys import as_text
from trainer_module.data.decode_roles import Decode, decode_roles

as_it_is = tf.autograph.experimental.do_not_convert
"""Of a function that a dataset calls: AutoGraph would rewrite all that it calls, for seconds."""
SHUFFLE_TUPLES = 16_384
"""Tuples held to shuffle from; RelationGen already writes them in the order of a hash."""
NUMBER = "NUMBER"
"""Input besides the features of roles: the number of a tuple in its files, int64 [batch]."""
MICRO_BATCH_WEIGHT = "MICRO_BATCH_WEIGHT"
"""Input in a step of several micro-batches: float32 [batch], all equal (`MicroBatches`)."""


class MicroBatches(NamedTuple):
    """The division of a step into micro-batches, whose gradients replicas accumulate and add.

    A micro-batch's gradient is that of its mean loss, weighted where tuples have weights. It is
    multiplied by the weight of the micro-batch: that of its tuples over that of an average
    micro-batch. The mean over micro-batches is then the gradient of all tuples of the step.

    total: micro-batches of a step.
    read: micro-batches to read here, in this order; None: all.
    """

    total: int = 1
    read: Sequence[int] | None = None


ONE_BATCH = MicroBatches()


class TupleContents(Protocol):
    """The roles and targets to read from tuples; a task (`tasks.base.Task`) is one."""

    relation: Relation

    def roles(self) -> tuple[str, ...]:
        """The roles whose features are read."""

    def targets(self, label: tf.Tensor | None, batch: tf.Tensor) -> tf.Tensor:
        """float32 [batch, C], of the label [batch, width] and the number of tuples."""


def tuple_dataset(
    files: Sequence[str],
    feature_spec: Mapping[str, tf.io.FixedLenFeature],
    contents: TupleContents,
    decoders: Mapping[str, Decode],
    names: Mapping[str, Sequence[str]],
    batch_size: int,
    shuffle_seed: int | None = None,
    reads: Sequence[str] = (),
    micro_batches: MicroBatches = ONE_BATCH,
) -> tf.data.Dataset:
    """Batches of transformed tuples.

    Args:
      files: gzip TFRecord files of transformed tf.Examples.
      feature_spec: how they are parsed.
      contents: the roles to read, and their targets.
      decoders, names: decoders and names of the features of each entity type.
      batch_size: tuples of a step; the last step may be smaller.
      shuffle_seed: decides, with TensorFlow's global seed, the order of all epochs, which follow
        each other without end; None = the files' order, once.
      reads: features of tuples to pass on unchanged; those without a fixed width become dense, with
        -1 for a missing value.
      micro_batches: of a step, each a batch. A last step of fewer tuples than these is left out.

    Returns:
      A dataset of ({`<role>_<feature>`: decoded [batch, ...], `NUMBER`, and `reads`}, targets
      [batch, C]), and where tuples have a weight float32 [batch].
    """
    roles = contents.roles()
    relation = contents.relation
    of_roles = [prefixed(role, n) for role in roles for n in names[relation.entity_of(role)]]
    taken = {*of_roles, RELATION, RELATION_WEIGHT, *reads}
    spec = {name: kind for name, kind in feature_spec.items() if name in taken}

    @as_it_is
    def prepare(batch: Mapping[str, tf.Tensor]) -> tuple[Any, ...]:
        further = dict(batch)
        serialized = further.pop("serialized")
        features = tf.io.parse_example(serialized, spec)
        targets = contents.targets(features.get(RELATION), tf.shape(serialized)[0])
        decoded = decode_roles(relation, decoders, names, features, roles)
        decoded.update((name, _dense(features[name])) for name in reads)
        decoded.update(further)
        if RELATION_WEIGHT in features:
            return decoded, targets, features[RELATION_WEIGHT][:, 0]
        return decoded, targets

    records = _records(files)
    if shuffle_seed is not None:
        # Within a function every iterator restarts from the seed; Keras creates some that it never
        # uses.
        once = tf.data.Dataset.range(1)
        steps = once.flat_map(
            as_it_is(
                lambda _: (
                    records.shuffle(SHUFFLE_TUPLES, seed=shuffle_seed).batch(batch_size).repeat()
                )
            )
        )
    else:
        steps = records.batch(batch_size)
    if micro_batches.total > 1:
        steps = steps.filter(as_it_is(lambda numbers, _: tf.size(numbers) >= micro_batches.total))
    weight = feature_spec.get(RELATION_WEIGHT)
    batches = steps.flat_map(
        as_it_is(lambda numbers, rows: _split(numbers, rows, weight, micro_batches))
    )
    batches = batches.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.prefetch(tf.data.AUTOTUNE)


def _split(
    numbers: tf.Tensor,
    serialized: tf.Tensor,
    weight: tf.io.FixedLenFeature | None,
    micro_batches: MicroBatches,
) -> tf.data.Dataset:
    """Split the tuples of a step into micro-batches.

    Args:
      numbers: int64 [tuples].
      serialized: string [tuples].
      weight: parsing specification of a tuple's weight; None: each tuple weighs 1.
      micro_batches: how the step is divided.

    Returns:
      A dataset of {"serialized": string [batch], `NUMBER`: int64 [batch]}. With several
      micro-batches it also holds `MICRO_BATCH_WEIGHT`: float32 [batch].
    """
    if micro_batches.total == 1:
        return tf.data.Dataset.from_tensors({"serialized": serialized, NUMBER: numbers})
    size = tf.size(numbers)
    weights = tf.ones(size)
    if weight is not None:
        read = tf.io.parse_example(serialized, {RELATION_WEIGHT: weight})
        weights = read[RELATION_WEIGHT][:, 0]
    average = tf.reduce_sum(weights) / micro_batches.total

    @as_it_is
    def batch(index: tf.Tensor) -> dict[str, tf.Tensor]:
        start, end = index * size // micro_batches.total, (index + 1) * size // micro_batches.total
        relative = tf.math.divide_no_nan(tf.reduce_sum(weights[start:end]), average)
        return {
            "serialized": serialized[start:end],
            NUMBER: numbers[start:end],
            MICRO_BATCH_WEIGHT: tf.repeat(relative, end - start),
        }

    chosen = range(micro_batches.total) if micro_batches.read is None else micro_batches.read
    return tf.data.Dataset.from_tensor_slices(list(chosen)).map(batch)


def batches_of_epoch(tuples: int, batch_size: int, micro_batches: MicroBatches = ONE_BATCH) -> int:
    """Number of batches in which an endless training dataset reads every tuple once.

    Raises:
      DataError: there are too few tuples for one step.
    """
    whole, rest = divmod(tuples, batch_size)
    steps = whole + (rest >= micro_batches.total)
    if not steps:
        raise DataError(
            f"training: got {tuples} training tuples; expected at least {micro_batches.total}, one "
            "for each micro-batch of a step: lower training.accumulate, or make more tuples"
        )
    return steps * (micro_batches.total if micro_batches.read is None else len(micro_batches.read))


def count_tuples(files: Sequence[str]) -> int:
    """Number of tuples in some files."""
    return int(_records(files).reduce(tf.constant(0, tf.int64), lambda count, _: count + 1))


def named_tuples(
    files: Sequence[str],
    feature_spec: Mapping[str, Any],
    names: Sequence[str],
    numbers: Sequence[int],
) -> list[str]:
    """The tuples with some numbers, in their order, by features that travel as texts.

    Args:
      files, feature_spec: see `tuple_dataset`.
      names: the features, such as ids of members.
      numbers: the tuples' numbers in the files.

    Returns:
      For each tuple `<name>=<value>`, separated by spaces.
    """
    chosen = tf.constant(numbers, tf.int64)
    matching = _records(files).filter(as_it_is(lambda number, _: tf.reduce_any(number == chosen)))
    spec = {as_text(name): feature_spec[as_text(name)] for name in names}
    texts = {}
    for number, serialized in matching.take(len(numbers)):
        features = tf.io.parse_single_example(serialized, spec)
        values = [features[as_text(name)].numpy()[0].decode("utf-8", "replace") for name in names]
        texts[int(number)] = " ".join(map("=".join, zip(names, values, strict=True)))
    return [texts[number] for number in numbers]


def _records(files: Sequence[str]) -> tf.data.Dataset:
    """Dataset of (number, serialized tuple), int64 and string scalars."""
    return tf.data.TFRecordDataset(sorted(files), compression_type="GZIP").enumerate()


def read_features(
    files: Sequence[str], feature_spec: Mapping[str, Any], names: Sequence[str]
) -> Iterator[npt.NDArray[Any]]:
    """Yield some features of transformed tuples side by side, batch by batch: [batch, values]."""
    spec = {name: feature_spec[name] for name in names}

    @as_it_is
    def read(serialized: tf.Tensor) -> tf.Tensor:
        features = tf.io.parse_example(serialized, spec)
        return tf.concat([_dense(features[name]) for name in names], axis=1)

    dataset = tf.data.TFRecordDataset(sorted(files), compression_type="GZIP")
    yield from dataset.batch(1024).map(read).prefetch(1).as_numpy_iterator()


def _dense(values: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    return tf.sparse.to_dense(values, -1) if isinstance(values, tf.SparseTensor) else values
