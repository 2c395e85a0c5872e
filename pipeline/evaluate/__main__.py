"""`python -m pipeline.evaluate`: all metrics of a pushed model on new rows with labels."""

import sys
import warnings

from relation.core.terminal import quiet_imports

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with quiet_imports():
        from pipeline.evaluate.command import main

    sys.exit(main(sys.argv[1:]))
