"""A plug-in that a page of the documentation shows, as a file that this process has loaded."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relation.core import plugins
from tests.docs.pages import blocks


def loaded(page: str, name: str, folder: Path) -> Iterator[Path]:
    """Writes the page's block of Python to `<name>.py`, and names it in RELATA_PLUGINS."""
    (text,) = blocks(page, "python")
    path = folder / f"{name}.py"
    path.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(plugins.VARIABLE, str(path))
        plugins.load_plugins()
        yield path
    sys.modules.pop(name, None)
    plugins._load.cache_clear()
