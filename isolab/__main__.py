"""`python -m isolab`: what the entry script `lab` runs."""

import sys

from isolab.cli import main
from machine.host import access, renew


def run() -> int:
    """Run the command line, with the groups that the user has by now; the exit code."""
    renew.attend()
    try:
        if access.state() == "login" and renew.possible(groups := access.missing()):
            return renew.again(groups)
        return main(sys.argv[1:])
    except renew.StartAgain as start:
        return renew.again(start.groups)


if __name__ == "__main__":
    sys.exit(run())
