"""The recipe's `tuning`: trials of other values, compared by the validation loss."""

from typing import TypeAlias

from pydantic import Field, model_validator

from relation.spec import Frozen

Value: TypeAlias = bool | int | float | str


class Range(Frozen):
    """A range of numbers, whole numbers where both bounds are."""

    min: int | float
    """The lowest value; above 0 with `log`."""
    max: int | float
    """The highest value; above `min`."""
    log: bool = False
    """Whether values are drawn evenly on a logarithmic scale."""

    @model_validator(mode="after")
    def _is_one(self) -> "Range":
        if self.min >= self.max or (self.log and self.min <= 0):
            raise ValueError(
                f"min: got {self.min:g} and max {self.max:g}; expected min below max, and above 0 "
                "on a logarithmic scale"
            )
        return self

    @property
    def whole(self) -> bool:
        """Whether its numbers are integers."""
        return isinstance(self.min, int) and isinstance(self.max, int)


class Tuning(Frozen):
    """Trials of other values, compared by the validation loss."""

    trials: int = Field(8, ge=1, le=10**5)
    """Trials to make, each with values drawn at random from `space`."""
    space: dict[str, Range | tuple[Value, ...]] = Field(min_length=1)
    """Values to try, a list or a range, by the field that they replace: `training.<option>`,
    `model.head|tower|mining.<parameter>` or `model.towers.<entity type>.<parameter>`. Fields that
    change the size of the loss cannot be tuned by it: `model.loss`, and `weight_decay` of
    components."""

    def extremes(self) -> list[dict[str, Value]]:
        """One mapping for each value that is listed, or bounds a range."""
        return [
            {name: value}
            for name, values in self.space.items()
            for value in ((values.min, values.max) if isinstance(values, Range) else values)
        ]
