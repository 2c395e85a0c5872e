"""Calls the airflow command for each line of arguments (JSON), in a process forked after the imports.

A process for each call, since a call sets logging, signals and the environment for good.
"""

import json
import os
import sys
import tempfile

import tensorflow as tf  # noqa: F401  The runner file imports both.
import tfx.v1  # noqa: F401
from airflow.__main__ import main as airflow


def call(arguments: list[str], variables: dict[str, str], output: int) -> None:
    """Become the airflow command; never returns."""
    os.environ.update(variables)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.argv = ["airflow", *arguments]
    status = 1
    try:
        airflow()
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    replies = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as output:
            if (child := os.fork()) == 0:
                call(*json.loads(line), output.fileno())
            _, status = os.waitpid(child, 0)
            output.seek(0)
            answer = {"status": os.waitstatus_to_exitcode(status), "output": output.read()}
        print(json.dumps(answer), file=replies, flush=True)


if __name__ == "__main__":
    main()
