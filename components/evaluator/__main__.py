"""Prints the metrics, gates and verdict of an evaluation.

    python -m components.evaluator EVALUATION [--json]

EVALUATION is the folder of the Evaluator's `evaluation` output.
"""

import argparse
import json
import sys

from components.common.evaluation.evaluation_results import read_verdict
from relation.core.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    """Prints the verdict of an evaluation; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m components.evaluator",
        description="Prints the metrics, gates and verdict of an evaluation.",
    )
    parser.add_argument("evaluation", help="folder of the Evaluator's `evaluation` output")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    try:
        verdict = read_verdict(options.evaluation)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(verdict.to_json(), indent=2) if options.json else verdict.to_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
