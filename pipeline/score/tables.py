"""The arguments that say which rows are read: `[NAME=]GLOB` for each table, and flags."""

import argparse
from collections.abc import Sequence

from relation.core.errors import UserError


def patterns_of(items: Sequence[str], plain: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Read the path or glob of each table.

    Args:
      items: `GLOB`, or `NAME=GLOB`; a path may hold `=` itself.
      plain: tables that a GLOB without a name may be of: that is clear if there is one.
      names: all tables, in order.

    Returns:
      Patterns by name, in the order of `names`.

    Raises:
      UserError: a name is missing, or a table has two patterns.
    """
    patterns: dict[str, str] = {}
    for item in items:
        name, equals, pattern = item.partition("=")
        if not equals or name not in names:
            if len(plain) != 1:
                listed = ", ".join(plain or names)
                raise UserError(f"got {item!r}; expected TYPE={item}, TYPE one of {listed}")
            name, pattern = plain[0], item
        if name in patterns:
            raise UserError(f"{name}: got {patterns[name]!r} and {pattern!r}; expected one glob")
        patterns[name] = pattern
    return {name: patterns[name] for name in names if name in patterns}


def add_row_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say how rows are read."""
    parser.add_argument(
        "--number-rows", action="store_true", help="rows have no ids: their numbers are the ids"
    )
    parser.add_argument(
        "--skip-bad-rows", action="store_true", help="count records that cannot be used, and go on"
    )
