"""Towers, heads, losses and miners by the names that recipes give them; tasks by those of heads.

To add one: a file with one class, and a line here. A plug-in, which is a file outside this project,
registers its class by a decorator instead:

    @LOSSES.register("huber")
    class Huber(TupleLoss): ...
"""

from typing import TypeVar

from relation.core.errors import RecipeError, did_you_mean
from relation.core.registry import Registry
from relation.core.validation_errors import validated
from relation.recipe import ComponentConfig, Model
from relation.spec import Frozen, Relation
from trainer_module.heads.base import Head
from trainer_module.losses.base import Loss
from trainer_module.mining.base import Miner
from trainer_module.tasks.base import Task
from trainer_module.towers.base import Tower

C = TypeVar("C", bound=Frozen)


class Components(Registry[C]):
    """Classes of components of a model, under the field of the recipe's `model` that names one."""

    def resolve(self, config: ComponentConfig, field: str | None = None) -> C:
        """Return the component that a recipe configures.

        Args:
          config: type and parameters.
          field: the recipe's field that it is under, for messages; by default that of the kind.

        Raises:
          RecipeError: unknown name or parameter, or a parameter of the wrong type or range.
        """
        field = field or f"model.{self.kind}"
        if config.type not in self:
            names = ", ".join(self.names) + did_you_mean(config.type, self.names)
            raise RecipeError(f"{field}.type: got {config.type!r}; expected one of {names}")
        checked = validated(self[config.type].model_validate, dict(config.params), field)
        if checked.value is None or checked.faults:
            raise RecipeError("\n".join(checked.faults))
        return checked.value


TOWERS: Components[Tower] = Components(
    "tower",
    {
        "backbone": "trainer_module.towers.backbone.Backbone",
        "cnn": "trainer_module.towers.cnn.Cnn",
        "dense": "trainer_module.towers.dense.Dense",
        "encoder_decoder": "trainer_module.towers.encoder_decoder.EncoderDecoder",
        "pixels": "trainer_module.towers.pixels.Pixels",
        "sequence": "trainer_module.towers.sequence.Sequence",
        "words": "trainer_module.towers.words.Words",
    },
)
HEADS: Components[Head] = Components(
    "head",
    {
        "alignment": "trainer_module.heads.alignment.Alignment",
        "concat_mlp": "trainer_module.heads.concat_mlp.ConcatMlp",
        "conditioned": "trainer_module.heads.conditioned.Conditioned",
        "cosine": "trainer_module.heads.cosine.Cosine",
        "distance": "trainer_module.heads.distance.Distance",
        "dot": "trainer_module.heads.dot.Dot",
        "feature_error": "trainer_module.heads.feature_error.FeatureError",
        "image": "trainer_module.heads.image.Image",
        "logistic_distance": "trainer_module.heads.logistic_distance.LogisticDistance",
        "ordinal": "trainer_module.heads.ordinal.Ordinal",
        "scorer": "trainer_module.heads.scorer.Scorer",
        "squared_distance": "trainer_module.heads.squared_distance.SquaredDistance",
        "tag": "trainer_module.heads.tag.Tag",
        "vector": "trainer_module.heads.vector.Vector",
    },
)
LOSSES: Components[Loss] = Components(
    "loss",
    {
        "approx_ndcg": "trainer_module.losses.approx_ndcg.ApproxNdcg",
        "asymmetric": "trainer_module.losses.asymmetric.Asymmetric",
        "binary_cross_entropy": "trainer_module.losses.binary_cross_entropy.BinaryCrossEntropy",
        "candidate_softmax": "trainer_module.losses.candidate_softmax.CandidateSoftmax",
        "circle": "trainer_module.losses.circle.Circle",
        "class_cross_entropy": "trainer_module.losses.class_cross_entropy.ClassCrossEntropy",
        "contrastive": "trainer_module.losses.contrastive.Contrastive",
        "cosent": "trainer_module.losses.cosent.Cosent",
        "cosine_mse": "trainer_module.losses.cosine_mse.CosineMse",
        "feature_matching": "trainer_module.losses.feature_matching.FeatureMatching",
        "focal": "trainer_module.losses.focal.Focal",
        "image_l1": "trainer_module.losses.image_l1.ImageL1",
        "image_l2": "trainer_module.losses.image_l2.ImageL2",
        "image_mixture": "trainer_module.losses.image_mixture.ImageMixture",
        "image_ssim": "trainer_module.losses.image_ssim.ImageSsim",
        "in_batch_softmax": "trainer_module.losses.in_batch_softmax.InBatchSoftmax",
        "lambda_loss": "trainer_module.losses.lambda_loss.LambdaLoss",
        "listmle": "trainer_module.losses.listmle.ListMle",
        "listnet": "trainer_module.losses.listnet.ListNet",
        "mae": "trainer_module.losses.mae.Mae",
        "mse": "trainer_module.losses.mse.Mse",
        "multi_similarity": "trainer_module.losses.multi_similarity.MultiSimilarity",
        "nt_xent": "trainer_module.losses.nt_xent.NtXent",
        "pairwise_hinge": "trainer_module.losses.pairwise_hinge.PairwiseHinge",
        "pairwise_logistic": "trainer_module.losses.pairwise_logistic.PairwiseLogistic",
        "proxy_anchor": "trainer_module.losses.proxy_anchor.ProxyAnchor",
        "soft_triplet": "trainer_module.losses.soft_triplet.SoftTriplet",
        "supervised_contrastive": (
            "trainer_module.losses.supervised_contrastive.SupervisedContrastive"
        ),
        "tag_cross_entropy": "trainer_module.losses.tag_cross_entropy.TagCrossEntropy",
        "tag_mae": "trainer_module.losses.tag_mae.TagMae",
        "tag_mse": "trainer_module.losses.tag_mse.TagMse",
        "triplet": "trainer_module.losses.triplet.Triplet",
        "value_mae": "trainer_module.losses.value_mae.ValueMae",
        "value_mse": "trainer_module.losses.value_mse.ValueMse",
        "weighted_tag_cross_entropy": (
            "trainer_module.losses.weighted_tag_cross_entropy.WeightedTagCrossEntropy"
        ),
    },
)
MINERS: Components[Miner] = Components(
    "mining",
    {
        "batch_all": "trainer_module.mining.batch_all.BatchAll",
        "batch_hard": "trainer_module.mining.batch_hard.BatchHard",
        "batch_semi_hard": "trainer_module.mining.batch_semi_hard.BatchSemiHard",
        "distance_weighted": "trainer_module.mining.distance_weighted.DistanceWeighted",
    },
)
TASKS: Registry[Task] = Registry(
    "task",
    {
        "graded_tagging": "trainer_module.tasks.tagging.GradedTagging",
        "image_to_image": "trainer_module.tasks.image_to_image.ImageToImage",
        "ranking": "trainer_module.tasks.ranking.Ranking",
        "regression": "trainer_module.tasks.regression.Regression",
        "similarity": "trainer_module.tasks.similarity.Similarity",
        "tagging": "trainer_module.tasks.tagging.Tagging",
    },
)


def task_of(head: Head, relation: Relation, classes: int = 0) -> Task:
    """Return what a model with this head predicts about tuples of a relation.

    Args:
      classes: number of classes of a label that is a class.
    """
    return TASKS[head.task](head, relation, classes)


def predicted_image(model: Model, relation: Relation) -> tuple[int, int, int] | None:
    """Return height, width and channels of the image that a model predicts; None if it does not."""
    return TOWERS.resolve(model.tower_of(relation.roles[0].entity)).image
