"""What the engines share: which recipe, exit statuses, and how components run Beam."""

import os

DEFAULT_RECIPE = "digits_triplets"
IN_PROCESS = ["--runner=DirectRunner", "--direct_running_mode=in_memory"]
BEAM_ARGS = [
    *IN_PROCESS,
    # What workers elsewhere would need. If nothing says it, TFX packs itself for them, which takes
    # seconds in every component, and leaves this project out. Relative, because it is part of the
    # cache keys, and a clone may be moved.
    "--setup_file=./setup.py",
]
FAILED, WRONG, REFUSED = 1, 2, 3
"""Exit statuses: the run did not end; the recipe or the output folder is wrong; no blessing."""
EXIT_STATUS = {"blessed": 0, "data": 0, "refused": REFUSED, "failed": FAILED}
"""By verdict."""


def recipe_name() -> str:
    """The name or path that `RELATA_RECIPE` gives, or the default recipe's."""
    return os.environ.get("RELATA_RECIPE") or DEFAULT_RECIPE
