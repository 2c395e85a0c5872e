"""What a recipe says of tuning: trials of other values, compared by the validation loss."""

from typing import TypeAlias

from pydantic import Field, model_validator

from relation.spec import Frozen

Value: TypeAlias = bool | int | float | str


class Range(Frozen):
    """Numbers from `min` to `max`, whole where both are; even on a logarithmic scale if `log`."""

    min: int | float
    max: int | float
    log: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> "Range":
        if self.min >= self.max or (self.log and self.min <= 0):
            raise ValueError(
                f"min: got {self.min:g} and max {self.max:g}; expected less than max, and above 0 "
                "on a logarithmic scale"
            )
        return self

    @property
    def whole(self) -> bool:
        """Whether its numbers are integers."""
        return isinstance(self.min, int) and isinstance(self.max, int)


class Tuning(Frozen):
    """How many trials, and of what: values by the field that they replace.

    Fields are `training.<option>`, `model.head|tower|mining.<parameter>`, and
    `model.towers.<entity type>.<parameter>`. What decides how large the loss is cannot be tuned by
    the loss: `model.loss`, and `weight_decay` of parts.
    """

    trials: int = Field(8, ge=1)
    space: dict[str, Range | tuple[Value, ...]] = Field(min_length=1)

    def extremes(self) -> list[dict[str, Value]]:
        """One mapping for each value that is listed, or bounds a range."""
        return [
            {name: value}
            for name, values in self.space.items()
            for value in ((values.min, values.max) if isinstance(values, Range) else values)
        ]
