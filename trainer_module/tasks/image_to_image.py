"""Image to image: the image that belongs to an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relation.numeric.lazy import keras, ops
from trainer_module.heads.base import ImageHead
from trainer_module.losses.base import ImageLoss
from trainer_module.ops import Tensor
from trainer_module.tasks.base import Task


class ImageToImage(Task):
    """The image predicted from the first role, then the image of the second role as it is."""

    losses = (ImageLoss,)
    head: ImageHead

    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        pair = self.relation.scored.left, self.relation.scored.right
        return pair if columns is None else tuple(pair[i] for i in columns)

    def build(self) -> keras.layers.Layer:
        return self.head.build()

    def outputs(
        self,
        layer: keras.layers.Layer,
        embeddings: Mapping[str, Tensor],
        columns: Sequence[int] | None = None,
    ) -> Tensor:
        """float32 [batch, C, height, width, channels]."""
        predicted = self.roles((0,))[0]
        images = {role: embeddings[role] for role in self.roles(columns)}
        if predicted in images:
            images[predicted] = layer(images[predicted])
        return ops.stack(list(images.values()), axis=1)

    def targets(self, label: Tensor | None, batch: Tensor) -> Tensor:
        """No targets, [batch, 0]: the second output is the target."""
        del label
        return ops.zeros((batch, 0), dtype="float32")

    def loss_arguments(self, targets: Tensor, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Both images, each [batch, height, width, channels]."""
        del targets
        return outputs[:, 1], outputs[:, 0]

    def predictions(self, outputs: Tensor) -> Tensor:
        return outputs

    @property
    def score_columns(self) -> tuple[int, ...] | None:
        return (0,)
