"""The node "LatestBlessedModel": its `outputs["model"]` is the Evaluator's baseline."""

from tfx import types
from tfx.dsl.components.common import resolver
from tfx.dsl.input_resolution.strategies import latest_blessed_model_strategy
from tfx.types import standard_artifacts

from components.resolver import strategy

NODE_ID = "LatestBlessedModel"


def baseline_resolver(candidate: types.BaseChannel) -> resolver.Resolver:
    """Make the node that resolves the latest blessed model other than the candidate.

    Args:
      candidate: the Trainer's `outputs["model"]`.

    Returns:
      A node with the outputs `model` and `model_blessing`; empty until a model is blessed.
    """
    return resolver.Resolver(
        strategy_class=strategy.LatestOtherBlessedModelStrategy,
        model=types.Channel(type=standard_artifacts.Model),
        model_blessing=types.Channel(type=standard_artifacts.ModelBlessing),
        candidate=candidate,
    ).with_id(NODE_ID)


def latest_blessed_resolver(node_id: str, *, stock: bool) -> resolver.Resolver:
    """Make a node that resolves the latest blessed model.

    Args:
      node_id: id of the node.
      stock: use TFX's own strategy, the only one that Kubeflow's compiler knows. It does not see
        whether the model still has its files.
    """
    ours, stocked = strategy.LatestBlessedModelStrategy, latest_blessed_model_strategy
    return resolver.Resolver(
        strategy_class=stocked.LatestBlessedModelStrategy if stock else ours,
        model=types.Channel(type=standard_artifacts.Model),
        model_blessing=types.Channel(type=standard_artifacts.ModelBlessing),
    ).with_id(node_id)
