"""Paths of a run's outputs, all under `runs/<recipe>/`."""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from relation.core.errors import UserError
from relation.load import PROJECT


class RunPaths(NamedTuple):
    """Paths of one recipe's runs."""

    root: Path

    @classmethod
    def of(cls, recipe_name: str) -> "RunPaths":
        """Return the paths of a recipe; `RELATA_RUNS` moves the parent folder."""
        return cls(_parent() / recipe_name)

    def make(self) -> None:
        """Create the folders.

        Raises:
          UserError: a folder cannot be created or written, or TFX would take its path for a glob.
        """
        check_no_wildcard(str(self.root))
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
        """ML Metadata's database."""
        return self.root / "metadata.sqlite"

    @property
    def lock(self) -> Path:
        """The lock file of a run in progress."""
        return self.root / ".lock"

    @property
    def serving(self) -> Path:
        """Serving folder: one SavedModel in each `<version>/`."""
        return self.root / "serving"

    @property
    def data(self) -> Path:
        """Generated rows, one folder for each entity type."""
        return self.root / "data"

    @property
    def verdict(self) -> Path:
        """The verdict of the last run."""
        return self.root / "verdict.json"

    @property
    def report(self) -> Path:
        """The report page of the last run."""
        return self.root / "report" / "index.html"

    @property
    def logs(self) -> Path:
        """Logs of all runs."""
        return self.root / "logs"

    @property
    def cli(self) -> Path:
        """The tfx command's own state."""
        return self.root / "tfx"


class RemotePaths(NamedTuple):
    """Paths of one recipe's runs as the machines of a cluster see them.

    The root may be a URI (`gs://bucket/runs/digits_triplets`), which no `Path` can hold.
    """

    root: str

    @property
    def pipeline(self) -> str:
        """TFX's pipeline root: the artifacts."""
        return f"{self.root}/pipeline"

    @property
    def serving(self) -> str:
        """Serving folder: one SavedModel in each `<version>/`."""
        return f"{self.root}/serving"


def check_no_wildcard(folder: str) -> None:
    """Check that TFX and Beam, which take paths of artifacts as globs, find them in a folder.

    Raises:
      UserError: the path holds a wildcard.
    """
    wildcard = next((character for character in folder if character in "*?[\\"), None)
    if wildcard is not None:
        raise UserError(
            f"{folder}: the output folder's path holds {wildcard!r}, which TFX takes for a "
            "wildcard; set RELATA_RUNS to a folder without *, ?, [ and \\ in its path"
        )


def _parent() -> Path:
    """Return the folder of all runs: in the clone, or else in the current folder."""
    runs = os.environ.get("RELATA_RUNS")
    if runs:
        return Path(runs).expanduser().resolve()
    return (PROJECT if (PROJECT / "pyproject.toml").is_file() else Path.cwd()) / "runs"
