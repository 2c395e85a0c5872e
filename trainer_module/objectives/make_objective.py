"""Chooses the objective of a recipe's model by the needs of its loss."""

from collections.abc import Sequence
from typing import cast

import tensorflow_transform as tft

from relation.names import ID, prefixed
from trainer_module.data.batch_keys import hashed
from trainer_module.data.frequencies import Frequencies
from trainer_module.data.inputs import read_features
from trainer_module.losses.base import BatchLoss, TupleLoss
from trainer_module.objectives.base import Objective
from trainer_module.objectives.group_proxies import GroupProxies
from trainer_module.objectives.in_batch_candidates import InBatchCandidates
from trainer_module.objectives.mined_triplets import MinedTriplets
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.preprocessing.tag_counts import inverse_frequencies
from trainer_module.registry import LOSSES, MINERS
from trainer_module.request import TrainingRequest
from trainer_module.tasks.base import Task
from trainer_module.tasks.similarity import Similarity


def make_objective(
    request: TrainingRequest,
    task: Task,
    files: Sequence[str],
    transform: tft.TFTransformOutput,
) -> Objective:
    """Return the objective of a model that `check_model` has checked.

    Args:
      files: transformed training tuples, from which groups or candidates are counted if needed.
      transform: what was learnt of the training entities.
    """
    loss, keys = LOSSES.resolve(request.model.loss), request.preprocessing.keys
    if keys is None:
        tags = request.preprocessing.compiled.label.domain
        weights = inverse_frequencies(transform, tags) if loss.needs_tag_weights else None
        return PerTuple(task, loss, weights)
    similarity = cast(Similarity, task)
    if request.model.mining is not None:
        miner = MINERS.resolve(request.model.mining)
        return MinedTriplets(similarity, cast(TupleLoss, loss), miner, keys, request.training.seed)
    loss, spec = cast(BatchLoss, loss), transform.transformed_feature_spec()
    if loss.needs_proxies:
        assert keys.group is not None
        groups = [hashed(prefixed(role, keys.group)) for role in similarity.roles()]
        return GroupProxies(similarity, loss, keys, read_features(files, spec, groups))
    frequencies = None
    if loss.needs_log_q:
        ids = [hashed(prefixed(role, ID)) for role in similarity.rights]
        frequencies = Frequencies(read_features(files, spec, ids))
    return InBatchCandidates(similarity, loss, keys, frequencies)
