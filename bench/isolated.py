"""Calls a function in a process of its own, and measures time, processors and memory there.

The peak is of that process alone (`VmHWM`): `getrusage` counts what its parent held when it forked.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from relation.load import PROJECT


class Measured(NamedTuple):
    """What a call took.

    `wall`, `cpu`: seconds, without start and imports. `base`: MiB that the process held after its
    imports, `peak`: MiB that it held at most. `value`: what the function returned.
    """

    wall: float
    cpu: float
    base: float
    peak: float
    value: Any

    def __str__(self) -> str:
        return (
            f"{self.wall:.1f} s, {self.cpu:.1f} CPU s, {self.peak:.0f} MiB at most "
            f"({self.base:.0f} after imports)"
        )


def call(target: str, *, processors: int | None = None, **arguments: Any) -> Measured:
    """Calls `module:function` with keyword arguments that JSON can hold.

    Args:
      processors: how many it may use; None: all.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "out.json"
        options = json.dumps([processors, arguments])
        command = [sys.executable, "-m", "bench.isolated", target, options, str(out)]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
        ended = subprocess.run(
            command,
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if ended.returncode:
            raise RuntimeError(f"{target}: exit status {ended.returncode}\n{ended.stdout[-3000:]}")
        return Measured(*json.loads(out.read_text(encoding="utf-8")))


def memory(name: str) -> float:
    """A line of /proc/self/status in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main(target: str, options: str, out: str) -> None:
    processors, arguments = json.loads(options)
    if processors is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors])
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    base = memory("VmRSS")
    wall, cpu = time.monotonic(), _cpu()
    value = function(**arguments)
    measured = Measured(time.monotonic() - wall, _cpu() - cpu, base, memory("VmHWM"), value)
    Path(out).write_text(json.dumps(measured), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
