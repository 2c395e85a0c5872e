"""Options of training that do not fit are refused with a sentence."""

import pytest

from relation.core.errors import RecipeError
from tests.relation.systems import load


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight_decay": 0.1}, r"optimizer: adam takes no `weight_decay`, only adamw does$"),
        (
            {"optimizer": "adamw"},
            r"optimizer: adamw needs a `weight_decay`; without one, choose adam$",
        ),
        (
            {"optimizer": "sgd"},
            r"training\.optimizer: got 'sgd'; input should be 'adam' or 'adamw'$",
        ),
        (
            {"epochs": 2, "warmup": 2},
            r"warmup: got 2 epochs; expected fewer than the 2 epochs of training$",
        ),
        (
            {"schedule": "linear"},
            r"training\.schedule: got 'linear'; input should be 'constant', 'cosine' or 'exponential'$",
        ),
        ({"clip_norm": 0}, r"training\.clip_norm: got 0; input should be greater than 0$"),
        (
            {"accumulate": 0},
            r"training\.accumulate: got 0; input should be greater than or equal to 1$",
        ),
        (
            {"strategy": "mirrored"},
            r"strategy: mirrored needs `step: tape`; Keras's own step does not run on several replicas$",
        ),
        (
            {"strategy": "multi_worker", "step": "tape", "jit": True},
            r"strategy: multi_worker takes no `jit` and no `mixed_precision`, which work on one device only$",
        ),
    ],
)
def test_options_that_do_not_fit(tmp_path, options, message):
    with pytest.raises(RecipeError, match=message):
        load(tmp_path, "label_pairs", {"training": options})
