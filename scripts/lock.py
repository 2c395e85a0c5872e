"""Resolve the dependencies into uv.lock, and write `constraints/` from it.

`python3 -m scripts.lock [--upgrade]`
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts.choose_stack import STACKS
from scripts.find_uv import find_or_install_uv

ROOT = Path(__file__).resolve().parent.parent

PLATFORM = "platform_machine == 'x86_64' and sys_platform == 'linux'"

HEADER = """\
# pip constraints of the stack {stack}, made from uv.lock by `make lock`; do not edit.
#   pip install -c constraints/stack-{stack}.txt -e '.[stack-{stack}]'
"""


def constraints_path(stack: str) -> Path:
    """Return the path of a stack's constraints."""
    return ROOT / "constraints" / f"stack-{stack}.txt"


def export_constraints(stack: str, uv: str) -> str:
    """Export the locked versions of `stack` with all extras, without network."""
    exported = subprocess.run(
        [
            *(uv, "export", "--frozen", "--offline", "--quiet", "--format", "requirements.txt"),
            *("--no-hashes", "--no-header", "--no-annotate", "--no-emit-project"),
            *("--extra", f"stack-{stack}", "--extra", "airflow", "--extra", "kubeflow"),
            *("--group", "dev"),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    # Some versions of uv repeat the lock's only platform on every line.
    for separator in (" and ", " ; "):
        exported = exported.replace(separator + PLATFORM, "")
    return HEADER.format(stack=stack) + exported


def main(options: list[str]) -> None:
    """Lock and export; `options` are passed to `uv lock`."""
    uv = find_or_install_uv()
    subprocess.run([uv, "lock", *options], cwd=ROOT, check=True)
    for stack in STACKS:
        constraints_path(stack.name).write_text(export_constraints(stack.name, uv))


if __name__ == "__main__":
    main(sys.argv[1:])
