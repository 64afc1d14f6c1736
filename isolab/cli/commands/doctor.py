"""`lab doctor`: what this machine has and lacks for a lab, with the fix for each."""

import argparse
from dataclasses import asdict

from isolab.cli.errors import DONE, UNABLE
from isolab.cli.output import document
from machine.setup import doctor

NAME = "doctor"
HELP = "check what a lab needs on this machine, with a fix for what is missing"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def run(arguments: argparse.Namespace) -> int:
    """Look at everything; 0 where a lab could run now."""
    checks = doctor.examine()
    code = DONE if doctor.able(checks) else UNABLE
    if arguments.json:
        print(document.text({"checks": [asdict(check) for check in checks]}))
        return code
    for check in checks:
        print(f"{check.verdict:9} {check.name:15} {check.detail}")
        if check.fix:
            print(f"{'':25} fix: {check.fix}")
    print(f"\n{doctor.conclusion(checks)}")
    return code
