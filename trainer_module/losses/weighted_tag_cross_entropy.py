"""Binary cross-entropy of tags of unequal weight."""

from typing import ClassVar

from trainer_module.losses.tag_cross_entropy import TagCrossEntropy
from trainer_module.ops import Tensor


class WeightedTagCrossEntropy(TagCrossEntropy):
    """`tag_cross_entropy` that cannot do without the weights of the tags.

    In training they are inversely proportional to how many training entities have the tag.
    """

    needs_tag_weights: ClassVar[bool] = True

    def __call__(self, labels: Tensor, logits: Tensor, weights: Tensor | None = None) -> Tensor:
        if weights is None:
            raise ValueError("weighted_tag_cross_entropy needs a weight for each tag")
        return super().__call__(labels, logits, weights)
