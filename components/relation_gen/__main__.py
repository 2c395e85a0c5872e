"""`python -m components.relation_gen`: makes tuples without TFX metadata, on any Beam runner."""

import os
import sys
import warnings

from relation.core.terminal import quiet_imports

if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")  # For Beam's worker processes too.
    warnings.simplefilter("ignore")
    with quiet_imports():
        from components.relation_gen.cli import main

    sys.exit(main(sys.argv[1:]))
