"""The objective that a recipe's model asks for."""

from collections.abc import Sequence
from typing import cast

import tensorflow_transform as tft

from relation.names import ID, prefixed
from trainer_module.data.batch_keys import hashed
from trainer_module.data.frequencies import Frequencies
from trainer_module.data.inputs import read_features
from trainer_module.losses.base import BatchLoss, ImageLoss, TupleLoss
from trainer_module.losses.proxy_anchor import ProxyAnchor
from trainer_module.preprocessing.tag_counts import inverse_frequencies
from trainer_module.registry import LOSSES, MINERS
from trainer_module.request import TrainingRequest
from trainer_module.tasks.answers import Answer, Compared
from trainer_module.tasks.objectives import EachImage, EachTuple, Objective
from trainer_module.tasks.proxies import Proxies
from trainer_module.tasks.within_batch import InBatch, MinedTriplets


def objective_of(
    request: TrainingRequest,
    answer: Answer,
    files: Sequence[str],
    transform: tft.TFTransformOutput,
) -> Objective:
    """The objective of a model that `check_model` has checked.

    Args:
      files: transformed training tuples; candidates are counted where the loss is corrected for
        how often they are met.
      transform: what was learnt of the training entities.
    """
    loss, keys = LOSSES.resolve(request.model.loss), request.preprocessing.keys
    if isinstance(loss, ImageLoss):
        return EachImage(answer, loss)
    if keys is None:
        tags = request.preprocessing.materialization.tags
        weights = inverse_frequencies(transform, tags) if loss.needs_tag_weights else None
        return EachTuple(answer, loss, weights)
    compared = cast(Compared, answer)
    if request.model.mining is not None:
        miner = MINERS.resolve(request.model.mining)
        return MinedTriplets(compared, cast(TupleLoss, loss), miner, keys, request.training.seed)
    spec = transform.transformed_feature_spec()
    if isinstance(loss, ProxyAnchor):
        assert keys.group is not None
        groups = [hashed(prefixed(role, keys.group)) for role in compared.roles()]
        return Proxies(compared, loss, keys, read_features(files, spec, groups))
    frequencies = None
    if loss.needs_log_q:
        names = [hashed(prefixed(role, ID)) for role in compared.rights]
        frequencies = Frequencies(read_features(files, spec, names))
    return InBatch(compared, cast(BatchLoss, loss), keys, frequencies)
