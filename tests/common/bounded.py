"""Runs code in a child process with limits: what it must survive may kill the process."""

import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}


def python(
    code: str, *arguments: str, seconds: int = 100, megabytes: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs code with `sys.argv[1:]`, bounded in CPU seconds and in address space.

    Args:
      megabytes: of memory that the code may allocate; None: any.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if megabytes is not None:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    command: Sequence[str] = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **QUIET, "PYTHONPATH": str(ROOT)},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=3 * seconds,
        check=False,
    )
