"""Where a run leaves what it makes: all of it under `runs/<recipe>/`."""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from relation.core.errors import UserError
from relation.load import PROJECT


class RunPaths(NamedTuple):
    """The folder of one recipe's runs."""

    root: Path

    @classmethod
    def of(cls, recipe_name: str) -> "RunPaths":
        """The folder of a recipe; `RELATA_RUNS` moves the parent of all of them."""
        return cls(_parent() / recipe_name)

    def make(self) -> None:
        """Makes the folders.

        Raises:
          UserError: they cannot be made or written.
        """
        try:
            for folder in (self.pipeline, self.serving, self.logs, self.cli):
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise UserError(
                f"{self.root}: the output folder cannot be written ({error.strerror}); "
                "set RELATA_RUNS to a folder that can"
            ) from None

    @property
    def pipeline(self) -> Path:
        """TFX's pipeline root: the artifacts."""
        return self.root / "pipeline"

    @property
    def metadata(self) -> Path:
        """ML Metadata."""
        return self.root / "metadata.sqlite"

    @property
    def serving(self) -> Path:
        """`<version>/` folders, each a SavedModel."""
        return self.root / "serving"

    @property
    def data(self) -> Path:
        """What generators made, a folder an entity type."""
        return self.root / "data"

    @property
    def verdict(self) -> Path:
        """The verdict of the last run."""
        return self.root / "verdict.json"

    @property
    def report(self) -> Path:
        """The page of the last run."""
        return self.root / "report" / "index.html"

    @property
    def logs(self) -> Path:
        """The logs of every run."""
        return self.root / "logs"

    @property
    def cli(self) -> Path:
        """What the tfx command remembers of the pipeline."""
        return self.root / "tfx"


class RemotePaths(NamedTuple):
    """The folder of one recipe's runs on an engine of other machines, as they name it.

    It may be a URI (`gs://bucket/runs/digits_triplets`), which no `Path` can hold.
    """

    root: str

    @property
    def pipeline(self) -> str:
        """TFX's pipeline root: the artifacts."""
        return f"{self.root}/pipeline"

    @property
    def serving(self) -> str:
        """`<version>/` folders, each a SavedModel."""
        return f"{self.root}/serving"


def _parent() -> Path:
    """The folder of all runs: in the clone, or in the current folder where there is no clone."""
    runs = os.environ.get("RELATA_RUNS")
    if runs:
        return Path(runs).expanduser().resolve()
    return (PROJECT if (PROJECT / "pyproject.toml").is_file() else Path.cwd()) / "runs"
