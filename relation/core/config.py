"""Types that every part of a recipe is made of."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, StringConstraints

from relation.core.aliases import current_path

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name that may become a folder, a signature or a node id: lower case, digits and underscores."""

Dotted: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"),
    AfterValidator(current_path),
]
"""The dotted path of something importable; earlier paths of what moved are replaced."""
