"""`python -m pipeline.score`: a pushed model's answers to rows of users' files."""

import sys
import warnings

from relation.core.terminal import quiet_imports

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with quiet_imports():
        from pipeline.score.command import main

    sys.exit(main(sys.argv[1:]))
