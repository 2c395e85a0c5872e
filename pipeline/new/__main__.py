"""`make new`: write a recipe and its schemas for files that nobody has described."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relation.core.errors import RecipeError, UserError
from relation.core.terminal import quiet_imports
from relation.load import load_recipe

if TYPE_CHECKING:
    from pipeline.new.rows.table import Table

WRONG = 2
"""Exit status: the files or the arguments are wrong."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at the files, and write `<name>.yaml` and its schemas.

    Returns:
      The exit status: 0 written, 2 wrong files or arguments.
    """
    flags = _flags(arguments)
    try:
        _check_name(flags.name, flags.folder)
        written, doubts = _write(flags)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return WRONG
    print(f"wrote {' and '.join(written)}")
    for doubt in doubts:
        print(f"  doubtful: {doubt}")
    print(f"next: make run RECIPE={os.path.relpath(flags.folder / f'{flags.name}.yaml')}")
    return 0


def _flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.new",
        description="Look at files, and write a recipe and its schemas for them: NAME.yaml and "
        "NAME.pbtxt, with the reason of each choice, and what is doubtful about the data.",
    )
    parser.add_argument("name", help="name of the recipe: lower case, digits and underscores")
    parser.add_argument(
        "data",
        help="a file, a glob or a folder: CSV, Parquet, JSON lines, TFRecord, images; two of them "
        "with a comma between, if edges connect rows of two kinds",
    )
    parser.add_argument("--edges", help="likewise: a list of edges between rows")
    parser.add_argument("--label", help="the column that says which rows belong together")
    parser.add_argument(
        "--folder", type=Path, default=Path(), help="where to write (default: here)"
    )
    return parser.parse_args(arguments)


def _check_name(name: str, folder: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise RecipeError(
            f"NAME: got {name!r}; expected lower case letters, digits and underscores, a letter "
            "first, at most 63"
        )
    if not folder.is_dir():
        raise RecipeError(f"--folder: got {str(folder)!r}; expected a folder that exists")
    for ending in ("yaml", "pbtxt"):
        _check_free(folder / f"{name}.{ending}")


def _check_free(path: Path) -> None:
    if path.exists():
        raise RecipeError(
            f"NAME: {path} exists, and may hold what you have changed: expected a new name, or "
            "remove the file"
        )


def _write(flags: argparse.Namespace) -> tuple[list[str], tuple[str, ...]]:
    with quiet_imports():
        from pipeline.new.proposals import Question, propose
        from pipeline.new.rows.look import look
        from pipeline.new.text.recipe import recipe_text
        from pipeline.new.text.schema import schema_text

    paths = [_from(path, flags.folder) for path in flags.data.split(",")]
    edges = None if flags.edges is None else _from(flags.edges, flags.folder)
    print(f"looking at {' and '.join([*paths, *([edges] if edges else [])])} …", flush=True)
    tables = dict(zip(_types(paths), [look(path, flags.folder) for path in paths], strict=True))
    links = None if edges is None else look(edges, flags.folder)
    proposal = propose(Question(flags.name, tables, links, flags.label))
    texts = {
        name: schema_text(plan, f"Rows of {plan.table.path or flags.data}.")
        for name, plan in proposal.schemas.items()
    }
    origin = f"Written by `make new`, which looked at {_seen([*tables.values()], links)}."
    texts[f"{flags.name}.yaml"] = recipe_text(proposal, origin)
    for name in texts:
        _check_free(flags.folder / name)
    for name, text in texts.items():
        (flags.folder / name).write_text(text, encoding="utf-8")
    load_recipe(str(flags.folder / f"{flags.name}.yaml"))
    return list(texts), proposal.doubts


def _seen(tables: "Sequence[Table]", links: "Table | None") -> str:
    return " and ".join(
        f"{table.rows:,} rows{'' if table.whole else ' (the first ones)'} of "
        f"{len(table.columns)} columns in {table.path}"
        for table in [*tables, *([links] if links is not None else [])]
    )


def _types(paths: Sequence[str]) -> list[str]:
    """Names of entity types: `item`, or the names of the files where there are two."""
    if len(paths) == 1:
        return ["item"]
    names = []
    for path in paths:
        stem = os.path.basename(path.rstrip("/*")).partition(".")[0].lower()
        name = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:40]
        names.append(name if re.match("[a-z]", name) else f"item_{name}".rstrip("_"))
    return names if len(set(names)) == len(names) else [f"item_{n}" for n in range(len(names))]


def _from(data: str, folder: Path) -> str:
    """A path as a recipe in the folder has it: relative below the folder, else absolute."""
    if "://" in data:
        return data
    path = os.path.abspath(os.path.expanduser(data))
    base = os.path.abspath(folder)
    return os.path.relpath(path, base) if path.startswith(base + os.sep) else path


if __name__ == "__main__":
    sys.exit(main())
