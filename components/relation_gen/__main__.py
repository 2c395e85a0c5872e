"""`python -m components.relation_gen`: makes tuples without TFX metadata, on any Beam runner."""

import os
import sys
import warnings

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # Before TensorFlow is imported.
    os.environ.setdefault("PYTHONWARNINGS", "ignore")  # For Beam's worker processes too.
    warnings.simplefilter("ignore")
    from components.relation_gen.cli import main

    sys.exit(main(sys.argv[1:]))
