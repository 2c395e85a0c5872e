"""Paths of a run's outputs, all under `runs/<recipe>/`.

TFX and Beam take paths of artifacts as globs, TensorFlow that of a model's weights. So where the
runs folder's own path holds a wildcard, they are given a link to it from the user's cache folder.
"""

import hashlib
import os
import tempfile
import uuid
from pathlib import Path
from typing import NamedTuple

from relation.core.errors import UserError
from relation.files.wildcards import wildcard
from relation.load import PROJECT


class RunPaths(NamedTuple):
    """Paths of one recipe's runs."""

    root: Path

    @classmethod
    def of(cls, recipe_name: str) -> "RunPaths":
        """Return the paths of a recipe; `RELATA_RUNS` moves the parent folder."""
        return cls(_parent() / recipe_name)

    def make(self) -> None:
        """Create the folders, and the link where the root's path holds a wildcard.

        Raises:
          UserError: a folder cannot be created or written, or the link cannot be made.
        """
        try:
            for folder in ("pipeline", "serving", "logs", "tfx"):
                (self.root / folder).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise UserError(
                f"{self.root}: the output folder cannot be written ({error.strerror}); "
                "set RELATA_RUNS to a folder that can"
            ) from None
        if self._plain_root != self.root:
            _link(self._plain_root, self.root)

    @property
    def _plain_root(self) -> Path:
        """The root by a path without a wildcard."""
        return _link_of(self.root) if wildcard(str(self.root)) else self.root

    @property
    def pipeline(self) -> Path:
        """TFX's pipeline root: the artifacts. Its path holds no wildcard."""
        return self._plain_root / "pipeline"

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
        """Serving folder: one SavedModel in each `<version>/`. Its path holds no wildcard."""
        return self._plain_root / "serving"

    @property
    def data(self) -> Path:
        """Generated rows, one folder for each entity type. Its path holds no wildcard."""
        return self._plain_root / "data"

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
    """Check a remote folder, which cannot be linked: TFX takes paths of artifacts as globs.

    Raises:
      UserError: the path holds a wildcard.
    """
    character = wildcard(folder.replace("{", ""))  # Only rows that a run generates have spans.
    if character is not None:
        raise UserError(
            f"{folder}: the output folder's path holds {character!r}, which TFX takes for a "
            "wildcard; set RELATA_RUNS to a folder without *, ?, [ and \\ in its path"
        )


def _link_of(folder: Path) -> Path:
    """Name the link to a folder: the same for every run, by a hash of the path."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute()
    return caches / "relata" / "runs" / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def _link(link: Path, folder: Path) -> None:
    """Make a link to a folder, or put it right.

    Raises:
      UserError: it cannot be made, or its own path holds a wildcard.
    """
    reason = None if wildcard(str(link)) is None else "its path holds a wildcard, too"
    scratch = link.with_name(f".{link.name}.{uuid.uuid4().hex[:8]}")
    try:
        if reason is None and not (link.is_symlink() and link.readlink() == folder):
            link.parent.mkdir(parents=True, exist_ok=True)
            scratch.symlink_to(folder)
            scratch.replace(link)
    except OSError as error:
        reason = error.strerror
    if reason is not None:
        raise UserError(
            f"{folder}: the output folder's path holds {wildcard(str(folder))!r}, which TFX takes "
            f"for a wildcard, and a link to it cannot be made at {link} ({reason}); set "
            "XDG_CACHE_HOME to a folder that can be written, or RELATA_RUNS to one without *, ?, "
            "[, { and \\ in its path"
        )


def _parent() -> Path:
    """Return the folder of all runs: in the clone, or else in the current folder."""
    runs = os.environ.get("RELATA_RUNS")
    if runs:
        return Path(runs).expanduser().resolve()
    return (PROJECT if (PROJECT / "pyproject.toml").is_file() else Path.cwd()) / "runs"
