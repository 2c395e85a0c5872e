"""Runs the local engine once for each line of environment variables (JSON) that comes in.

A process of its own, because a run sets TensorFlow's determinism, logging and seeds for good.
"""

import json
import os
import sys
import tempfile

from pipeline import local_runner


def main() -> None:
    replies = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        os.environ.update(json.loads(line))
        with tempfile.TemporaryFile("w+") as terminal:
            saved = [os.dup(1), os.dup(2)]
            for target in (1, 2):
                os.dup2(terminal.fileno(), target)
            try:
                status = local_runner.main()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                for target, descriptor in zip((1, 2), saved, strict=True):
                    os.dup2(descriptor, target)
                    os.close(descriptor)
            terminal.seek(0)
            print(json.dumps({"status": status, "terminal": terminal.read()}), file=replies)
        replies.flush()


if __name__ == "__main__":
    main()
