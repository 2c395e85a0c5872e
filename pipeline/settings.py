"""Settings shared by all engines: the recipe's name, exit statuses, Beam flags."""

import os

DEFAULT_RECIPE = "digits_triplets"
IN_PROCESS = ["--runner=DirectRunner", "--direct_running_mode=in_memory"]
BEAM_ARGS = [
    *IN_PROCESS,
    # The package for remote workers. Without it TFX packs itself in every component, which takes
    # seconds and omits this project. The path is relative because it is part of the cache keys, and
    # a clone may be moved.
    "--setup_file=./setup.py",
]
FAILED, WRONG, REFUSED = 1, 2, 3
"""Exit statuses: the run failed; an input is wrong; the model is refused."""
EXIT_STATUS = {"blessed": 0, "data": 0, "refused": REFUSED, "failed": FAILED}
"""Exit status by verdict."""


def recipe_name() -> str:
    """Return the recipe's name or path: `RELATA_RECIPE`, or the default recipe."""
    return os.environ.get("RELATA_RECIPE") or DEFAULT_RECIPE
