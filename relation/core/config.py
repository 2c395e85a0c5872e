"""Types that every part of a recipe is made of."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints

from relation.core.aliases import current_path

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name that may become a folder, a signature or a node id: lower case, digits and underscores."""

Dotted: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"),
    AfterValidator(current_path),
]
"""The dotted path of something importable; earlier paths of what moved are replaced."""

Size: TypeAlias = Annotated[int, Field(ge=1, le=2**16)]
"""Units of a layer, or pixels of an edge: bounded, so that a slip of the pen is named at once."""

Sizes: TypeAlias = Annotated[tuple[Size, ...], Field(max_length=100)]
"""The size of each layer of a stack."""
