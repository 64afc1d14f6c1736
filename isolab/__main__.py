"""`python -m isolab`: what the entry script `lab` runs."""

import sys

from isolab.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
