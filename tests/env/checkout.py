"""The files of this checkout."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def git_files():
    """List the tracked files that exist."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]
