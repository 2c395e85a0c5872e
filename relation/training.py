"""The recipe's `training`."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from relation.spec import Frozen

MetricName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^(corpus\.)?[a-z][a-z0-9_]{0,62}$")
]


class BestBy(Frozen):
    """The metric whose best value chooses the epoch."""

    best: MetricName
    """A metric of tuples or of nearest neighbours, such as `auc` or `recall_at_10`, of the
    validation tuples. Where both have one of a name it is that of tuples, and `corpus.<name>` is
    the other."""


Keep: TypeAlias = Literal["best", "last"] | BestBy
"""The epoch whose weights are kept."""


class Training(Frozen):
    """How the model is trained."""

    epochs: int = Field(20, ge=1, le=10**6)
    """Passes over the training tuples, at most; `patience` may end training earlier."""
    batch_size: int = Field(64, ge=1, le=2**20)
    """Tuples in a batch, over all replicas together."""
    accumulate: int = Field(1, ge=1, le=10**6)
    """Batches whose gradients are added up before the weights change once."""
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False)
    """The highest learning rate."""
    optimizer: Literal["adam", "adamw"] = "adam"
    """The optimizer; `adamw` decays weights."""
    weight_decay: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Share of each weight, times the learning rate, that `adamw` takes off at each step.
    Required with `adamw`, refused with `adam`."""
    schedule: Literal["constant", "cosine", "exponential"] = "constant"
    """How the learning rate falls until the last step of `epochs`: not at all, to 0 along half a
    cosine, or exponentially to a hundredth."""
    warmup: float = Field(0.0, ge=0, allow_inf_nan=False)
    """Epochs over which the learning rate rises from 0; may be a fraction, and must be less than
    `epochs`."""
    clip_norm: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Bound of the norm of all gradients of a step together; without it they are not clipped."""
    mixed_precision: bool = False
    """Whether towers compute in float16, with a scaled loss."""
    jit: bool = False
    """Whether XLA compiles the training step."""
    step: Literal["keras", "tape"] = "keras"
    """The training loop: Keras's own, or a custom one (`tape`) with the same result."""
    strategy: Literal["none", "mirrored", "multi_worker"] = "none"
    """The strategy of `tf.distribute`: one device, several devices of one machine, or several
    machines. All but `none` need `step: tape`, and refuse `jit` and `mixed_precision`."""
    warm_start: bool = False
    """Whether training starts from the weights of the last blessed model."""
    memory_mb: int = Field(256, ge=0, le=2**20)
    """MiB of decoded images to keep, so that each is decoded once; 0 keeps none."""
    patience: int = Field(5, ge=1, le=10**6)
    """Epochs without a lower validation loss (or a better metric, see `keep`) after which training
    stops."""
    keep: Keep = "best"
    """The epoch whose weights are kept: that of the lowest validation loss, that of the best value
    of a metric (`{best: recall_at_10}`), or the last. With `last` all `epochs` are trained,
    whatever the `patience`: for a schedule that must reach its end where few tuples validate."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of initial weights, of the order of batches and of random layers."""

    @property
    def metric(self) -> str | None:
        """The metric that chooses the epoch; None: the validation loss does, or nothing."""
        return self.keep.best if isinstance(self.keep, BestBy) else None

    @model_validator(mode="after")
    def _options_fit(self) -> "Training":
        if self.optimizer == "adam" and self.weight_decay is not None:
            raise ValueError("optimizer: adam takes no `weight_decay`, only adamw does")
        if self.optimizer == "adamw" and self.weight_decay is None:
            raise ValueError("optimizer: adamw needs a `weight_decay`; without one, choose adam")
        if self.warmup >= self.epochs:
            raise ValueError(
                f"warmup: got {self.warmup:g} epochs; expected fewer than the {self.epochs} epochs "
                "of training"
            )
        if self.strategy != "none" and self.step != "tape":
            raise ValueError(
                f"strategy: {self.strategy} needs `step: tape`; Keras's own step does not run on "
                "several replicas"
            )
        if self.strategy != "none" and (self.jit or self.mixed_precision):
            raise ValueError(
                f"strategy: {self.strategy} takes no `jit` and no `mixed_precision`, which work on "
                "one device only"
            )
        return self
