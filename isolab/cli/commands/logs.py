"""`./lab logs`: what a service's containers said."""

import argparse
import subprocess
import sys
import threading
from typing import IO

from isolab.cli.context import deployed, stack
from isolab.cli.errors import DONE, FAILED
from isolab.plan.model import Container, Plan

NAME = "logs"
HELP = "show the logs of a service's containers"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("service", metavar="SERVICE", help="its name in the lab file")
    parser.add_argument("-f", "--follow", action="store_true", help="follow new output")
    parser.add_argument(
        "-n",
        "--tail",
        default="all",
        metavar="LINES",
        help="number of the last lines to show (default: all)",
    )
    stack.add_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the logs of all replicas, each line behind its container's name if there are more."""
    plan = deployed.required(stack.name(arguments))
    found = deployed.replicas(plan, arguments.service)
    flags = ["--tail", str(arguments.tail), *(["--follow"] if arguments.follow else [])]
    running = [_start(plan, container, flags, prefix=len(found) > 1) for container in found]
    try:
        codes = [process.wait() for process, _ in running]
    finally:
        for process, _ in running:
            process.terminate()
        for _, reader in running:
            reader.join()
    return FAILED if any(codes) else DONE


def _start(
    plan: Plan, container: Container, flags: list[str], *, prefix: bool
) -> tuple[subprocess.Popen[str], threading.Thread]:
    process = subprocess.Popen(
        deployed.below(plan, container).argv(["docker", "logs", *flags, container.name]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout
    words = (process.stdout, f"{container.name} | " if prefix else "")
    reader = threading.Thread(target=_copy, args=words, daemon=True)
    reader.start()
    return process, reader


def _copy(source: IO[str], prefix: str) -> None:
    for line in source:
        sys.stdout.write(f"{prefix}{line}")
        sys.stdout.flush()
