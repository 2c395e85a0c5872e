"""Find uv, or install it in the project's `.tools/`.

Only the standard library of Python 3.8, see make_env.py.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.choose_stack import CannotRun

TOOLS = Path(__file__).resolve().parent.parent / ".tools"
OLDEST = (0, 8)  # older ones were not tried with this lock


def usable(path: str | None) -> bool:
    """Whether `path` runs and is a uv new enough for the lock."""
    if not path:
        return False
    try:
        done = subprocess.run(
            [path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    match = re.match(r"uv (\d+)\.(\d+)", done.stdout.decode())
    return match is not None and tuple(map(int, match.groups())) >= OLDEST


def find_uv() -> str | None:
    """Return the path of uv on PATH or in `.tools/`."""
    for path in (shutil.which("uv"), str(TOOLS / "bin" / "uv")):
        if usable(path):
            return path
    return None


def install_by_venv(need: str) -> bool:
    """Install uv into an environment of its own; quietly, because pip is the fallback."""
    shutil.rmtree(TOOLS, ignore_errors=True)
    return (
        succeeds(sys.executable, "-m", "venv", str(TOOLS), stderr=subprocess.DEVNULL)
        and succeeds(str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", need)
        and usable(str(TOOLS / "bin" / "uv"))
    )


def install_by_pip(need: str) -> bool:
    """Install uv into a plain folder, which works where pip may not change the system."""
    shutil.rmtree(TOOLS, ignore_errors=True)
    return succeeds(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(TOOLS), need)
    ) and usable(str(TOOLS / "bin" / "uv"))


def succeeds(*command: str, stderr: int | None = None) -> bool:
    """Whether `command` runs and exits with 0."""
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=stderr).returncode == 0


def find_or_install_uv() -> str:
    """Return the path of a working uv; install it by venv or pip where there is none."""
    uv = find_uv()
    if uv:
        return uv
    print(f"Relata environment: installing uv into {TOOLS.name}/", flush=True)
    need = f"uv>={'.'.join(map(str, OLDEST))}"
    # Debian packages venv and pip separately from python3; either is enough.
    if install_by_venv(need) or install_by_pip(need):
        return str(TOOLS / "bin" / "uv")
    raise CannotRun(
        "uv is missing and could not be installed: that needs the package index and python3 with "
        "venv or pip, for example: apt-get install python3-venv"
    )
