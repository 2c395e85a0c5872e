"""Virtual environments for libraries that are measured beside ours and must not mix with them.

Each is made once, in `.tools/peers/` (`make distclean` removes it).
"""

import shutil
import subprocess
import sys
from pathlib import Path

from bench.results import DataAbsent
from relation.load import PROJECT

FOLDER = PROJECT / ".tools" / "peers"
METRIC_LEARNING = ("torch==2.13.0", "pytorch-metric-learning==2.9.0")
METRIC_SEARCH = (*METRIC_LEARNING, "faiss-cpu==1.15.1")
LIGHTGBM = ("lightgbm==4.7.0",)


def python_with(name: str, requirements: tuple[str, ...], folder: Path = FOLDER) -> Path:
    """The interpreter of an environment with these packages, which is made if it is not there.

    Raises:
      DataAbsent: it cannot be made.
    """
    place = folder / name
    python, stamp = place / "bin" / "python", place / "complete"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == "\n".join(requirements):
        return python
    shutil.rmtree(place, ignore_errors=True)
    for command in (
        [sys.executable, "-m", "venv", str(place)],
        [str(python), "-m", "pip", "install", "--quiet", *requirements],
    ):
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            shutil.rmtree(place, ignore_errors=True)
            said = (ended.stderr or ended.stdout).strip().splitlines()[-1:]
            raise DataAbsent(f"{' '.join(requirements)} cannot be installed: {' '.join(said)}")
    stamp.write_text("\n".join(requirements), encoding="utf-8")
    return python
