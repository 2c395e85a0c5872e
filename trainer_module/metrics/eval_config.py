"""The Evaluator's configuration, as TFMA's EvalConfig."""

import json

# TFMA 0.52 exports these at its top level only after tfx has been imported.
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.proto import config_pb2

from relation.names import ID, RELATION, RELATION_WEIGHT, prefixed
from relation.recipe import Evaluation, Gate
from relation.spec import Relation
from trainer_module.metrics.collected import form_of
from trainer_module.metrics.gates import check_gates
from trainer_module.metrics.registry import EXAMPLES, metric_of, metrics_of


def eval_config(
    relation: Relation,
    evaluation: Evaluation,
    *,
    signature: str,
    code_fingerprint: str,
    slice_role: str,
    weighted: bool = False,
    image: tuple[int, int, int] | None = None,
) -> config_pb2.EvalConfig:
    """Return the metrics, the slices, and the thresholds that a blessed model must reach.

    Args:
      relation: decides the metrics; all that apply to it are computed.
      evaluation: gates, on the overall slice only, and slices.
      signature: the model's signature that returns `scores`, float [batch, C], of serialized
        tuples.
      code_fingerprint: of the metrics' code; if it changes, TFX evaluates again.
      slice_role: the role whose features define slices.
      weighted: whether tuples carry `relation_weight`, which then weights the metrics.
      image: height, width and channels of a predicted image; None for other predictions.

    Raises:
      RecipeError: see `gates.check_gates`.
    """
    check_gates(relation, evaluation)
    form, gated = form_of(relation), (*evaluation.gates, *(evaluation.slice_floor or {}))
    common = {
        "label": form.label.value,
        "related": list(form.related),
        "width": form.width,
        "image": image,
        "ids": [prefixed(role.name, ID) for role in relation.roles],
        "code_fingerprint": code_fingerprint,
    }
    metrics = []
    for name in metrics_of(relation, gated):
        computed = metric_of(form, name)
        assert computed is not None
        metric = config_pb2.MetricConfig(
            class_name="RelationMetric",
            module="trainer_module.metrics.tfma_metrics",
            config=json.dumps(
                {"name": name, "undefined": computed.undefined, **common}, sort_keys=True
            ),
        )
        if not evaluation.gates and name == EXAMPLES:
            # TFX blesses nothing without a threshold; the gates of the corpus come later.
            metric.per_slice_thresholds.add(
                slicing_specs=[config_pb2.SlicingSpec()], threshold=_threshold(Gate(min=1.0))
            )
        if name in evaluation.gates:
            # `MetricConfig.threshold` would hold for every slice. Slices are reported, not gated.
            metric.per_slice_thresholds.add(
                slicing_specs=[config_pb2.SlicingSpec()],
                threshold=_threshold(evaluation.gates[name]),
            )
        metrics.append(metric)
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                signature_name=signature,
                # Otherwise TFMA first tries to load a Keras 2 model.
                model_type=constants.TF_GENERIC,
                label_key=RELATION if relation.labelled else "",
                example_weight_key=RELATION_WEIGHT if weighted else "",
            )
        ],
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(
                config_pb2.SlicingSpec(feature_keys=[prefixed(slice_role, feature)])
                for feature in evaluation.slices
            ),
        ],
        metrics_specs=[config_pb2.MetricsSpec(metrics=metrics)],
        options=config_pb2.Options(include_default_metrics={"value": False}),
    )


def _threshold(gate: Gate) -> config_pb2.MetricThreshold:
    result = config_pb2.MetricThreshold()
    # Without bounds it still refuses NaN. So a gate with `max_drop` alone does, too, where there is
    # no baseline: TFX then drops change thresholds, and with no threshold left it blesses nothing.
    result.value_threshold.SetInParent()
    if gate.min is not None:
        result.value_threshold.lower_bound.value = gate.min
    if gate.max is not None:
        result.value_threshold.upper_bound.value = gate.max
    if gate.max_drop is not None:
        result.change_threshold.direction = config_pb2.MetricDirection.HIGHER_IS_BETTER
        result.change_threshold.absolute.value = -gate.max_drop
    return result
