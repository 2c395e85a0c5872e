"""Build `.venv/`: `python3 -m scripts.make_env [run|unit|test]`.

`run` is the stack and the project, `unit` adds development tools, `test` adds Airflow and Kubeflow.
An environment never shrinks: `run` after `test` removes nothing.

It uses only the standard library of Python 3.8, because it runs first on a fresh machine.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.choose_stack import CannotRun, Python, Stack, choose_python, choose_stack, dotted
from scripts.find_uv import find_or_install_uv

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "relata-env.json"  # written last: an interrupted build has none

SETS = {
    "run": [],
    "unit": ["--group", "dev"],
    "test": ["--group", "dev", "--extra", "airflow", "--extra", "kubeflow"],
}
SET_NAMES = list(SETS)  # each contains the ones before it

# Runs in every candidate interpreter, whatever its age.
PROBE = """
import json, os, sys, sysconfig
header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
print(json.dumps([sys.executable, list(sys.version_info[:3]), os.path.exists(header)]))
"""


def glibc_version() -> tuple[int, ...]:
    """Return glibc's version; raise CannotRun where the platform has no wheels."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise CannotRun(
            "TFX has wheels for Linux on x86_64 only; this machine is "
            f"{platform.system()} on {platform.machine()}. Use a container or a virtual machine."
        )
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (OSError, ValueError):
        raise CannotRun("TFX needs a Linux with glibc; this one has another C library.") from None
    assert name == "glibc", name
    return tuple(map(int, version.split(".")))


def probe(command: str) -> Python | None:
    """Inspect an interpreter; None if it does not run (a pyenv shim of an inactive version)."""
    try:
        done = subprocess.run(
            [command, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
        path, version, has_headers = json.loads(done.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
    return Python(path, tuple(version), has_headers)


def pythons_on_path(stack: Stack) -> list[Python]:
    """List interpreters on PATH: python3 first, then those named by version."""
    commands = ["python3", *(f"python{dotted(version)}" for version in stack.pythons)]
    probed = [probe(path) for path in map(shutil.which, commands) if path]
    return [python for python in probed if python]


def require_compiler(stack: Stack, python: Python | None) -> None:
    """Raise CannotRun where the machine cannot compile pyfarmhash, which has no wheels."""
    missing: list[str] = []
    packages: list[str] = []
    if not (os.environ.get("CC") or shutil.which("gcc") or shutil.which("cc")):
        missing, packages = [*missing, "a C compiler"], [*packages, "gcc"]
    if not (os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")):
        missing, packages = [*missing, "a C++ compiler"], [*packages, "g++"]
    if python and not python.has_headers:
        own = os.path.realpath(python.path) == os.path.realpath("/usr/bin/python3")
        missing.append(f"the headers of Python {dotted(python.version[:2])} ({python.path})")
        packages.append("python3-dev" if own else f"python{dotted(python.version[:2])}-dev")
    if missing:
        raise CannotRun(
            f"the {stack.title} stack compiles a small package (pyfarmhash), and this machine "
            f"lacks {' and '.join(missing)}. Install them first, for example: "
            f"apt-get install {' '.join(packages)}"
        )


def fingerprint(stack: Stack) -> str:
    """Fingerprint the inputs of the environment."""
    digest = hashlib.sha256(stack.name.encode())
    for name in ("uv.lock", "pyproject.toml", "setup.py"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def read_stamp() -> dict[str, Any]:
    """Read the stamp of the last complete build; empty if there is none."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if (VENV / "bin" / "python").exists() else {}


def make_env(wanted: str) -> None:
    """Install the set `wanted` of the chosen stack into `.venv/`, or raise CannotRun."""
    glibc = glibc_version()
    stack, reason = choose_stack(glibc, os.environ.get("RELATA_STACK", ""))
    key, stamp = fingerprint(stack), read_stamp()
    if stamp.get("stack") == stack.name:
        wanted = max(wanted, stamp["set"], key=SET_NAMES.index)
        if stamp["key"] == key and stamp["set"] == wanted:
            say(stack, stamp["python"], reason, "up to date")
            return

    # Keep the environment's interpreter while it fits; another stack needs a new environment.
    reused = None
    if stamp.get("stack", stack.name) == stack.name:
        own = probe(str(VENV / "bin" / "python"))
        reused = choose_python(stack, [own] if own else [])
    python = reused or choose_python(stack, pythons_on_path(stack))
    require_compiler(stack, python)
    version = dotted(python.version if python else stack.pythons[0])
    say(stack, version, reason, f"installing the set `{wanted}` into .venv")

    uv = find_or_install_uv()
    if STAMP.exists():
        STAMP.unlink()
    if not reused:
        make_venv(uv, stack, python)
    # Show the progress on a terminal, but do not log hundreds of packages.
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    call(
        *(uv, "sync", *quiet, "--frozen", "--inexact", "--no-default-groups"),
        *("--python", VENV / "bin" / "python"),
        *("--extra", f"stack-{stack.name}", *SETS[wanted]),
    )
    installed = probe(str(VENV / "bin" / "python"))
    assert installed, "the environment was built, but its Python does not run"
    done = {"stack": stack.name, "set": wanted, "key": key, "python": dotted(installed.version)}
    STAMP.write_text(json.dumps(done))


def make_venv(uv: str, stack: Stack, python: Python | None) -> None:
    """Create `.venv/`; uv downloads an interpreter where the machine has none that fits."""
    wanted = python.path if python else dotted(stack.pythons[0])
    try:
        call(uv, "venv", "--quiet", "--clear", "--python", wanted, VENV)
    except CannotRun as error:
        if python:
            raise
        versions = " or ".join(map(dotted, stack.pythons))
        raise CannotRun(
            f"the {stack.title} stack needs Python {versions}; this machine has none on PATH "
            "and uv could not fetch one (its message is above). Install one, with its headers."
        ) from error


def call(*command: object) -> None:
    """Run a uv command for `.venv`, whatever environment is active."""
    env = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(VENV)}
    env.pop("VIRTUAL_ENV", None)
    if subprocess.run([str(part) for part in command], cwd=ROOT, env=env).returncode:
        raise CannotRun(f"`{' '.join(map(str, command[:2]))}` failed; its message is above")


def say(stack: Stack, python: str, reason: str, what: str) -> None:
    """Print the only line for the user."""
    print(f"Relata environment: {stack.title} ({reason}), Python {python}: {what}", flush=True)


def main(arguments: list[str]) -> int:
    """Run the command line."""
    wanted = arguments[0] if arguments else "run"
    if wanted not in SETS or len(arguments) > 1:
        print(f"usage: python3 -m scripts.make_env [{'|'.join(SETS)}]", file=sys.stderr)
        return 2
    try:
        with open(ROOT / ".env.lock", "w") as lock:  # two makes at once take turns
            fcntl.flock(lock, fcntl.LOCK_EX)
            make_env(wanted)
    except CannotRun as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
