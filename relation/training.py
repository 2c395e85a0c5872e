"""What a recipe says of training."""

from typing import Literal

from pydantic import Field, model_validator

from relation.spec import Frozen


class Training(Frozen):
    """How the model is trained.

    `batch_size`: tuples a batch, on all replicas together. `accumulate`: batches a step.
    `optimizer`: adam, or adamw, whose `weight_decay` w takes w·rate of each weight a step.
    `schedule`: from the highest rate, `learning_rate`, to 0 along half a cosine, or to a hundredth
    of it (exponential), at the last step of `epochs`; over the first `warmup` epochs it rises.
    `clip_norm`: bound of the norm of all gradients of a step together.
    `mixed_precision`: float16 within the towers, with a scaled loss. `jit`: compiled by XLA.
    `step`: Keras's own, or written out (`training/custom_loop.py`), with the same result.
    `memory_mb`: MiB of decoded images that are kept, so that each is decoded once; 0: none.
    `keep`: the epoch with the lowest validation loss; or the last, after all `epochs` whatever the
    `patience`, for a schedule that falls to its end where few tuples validate.
    `strategy`: of tf.distribute. `warm_start`: from the weights of the last blessed model.
    """

    epochs: int = Field(20, ge=1)
    batch_size: int = Field(64, ge=1)
    accumulate: int = Field(1, ge=1)
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False)
    optimizer: Literal["adam", "adamw"] = "adam"
    weight_decay: float | None = Field(None, gt=0, allow_inf_nan=False)
    schedule: Literal["constant", "cosine", "exponential"] = "constant"
    warmup: float = Field(0.0, ge=0, allow_inf_nan=False)
    clip_norm: float | None = Field(None, gt=0, allow_inf_nan=False)
    mixed_precision: bool = False
    jit: bool = False
    step: Literal["keras", "tape"] = "keras"
    strategy: Literal["none", "mirrored", "multi_worker"] = "none"
    warm_start: bool = False
    memory_mb: int = Field(256, ge=0, le=2**20)
    patience: int = Field(5, ge=1)
    keep: Literal["best", "last"] = "best"
    seed: int = Field(0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _options_fit(self) -> "Training":
        if self.optimizer == "adam" and self.weight_decay is not None:
            raise ValueError("optimizer: adam takes no `weight_decay`, only adamw does")
        if self.optimizer == "adamw" and self.weight_decay is None:
            raise ValueError("optimizer: adamw needs a `weight_decay`; without one it is adam")
        if self.warmup >= self.epochs:
            raise ValueError(
                f"warmup: {self.warmup:g} of {self.epochs} epochs; it must end before they do"
            )
        if self.strategy != "none" and self.step != "tape":
            raise ValueError(
                f"strategy: {self.strategy} needs `step: tape`; Keras's own step does not run on "
                "several replicas"
            )
        if self.strategy != "none" and (self.jit or self.mixed_precision):
            raise ValueError(
                f"strategy: {self.strategy} takes no `jit` and no `mixed_precision`, which are for "
                "one device"
            )
        return self
