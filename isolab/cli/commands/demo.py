"""`./lab demo`: five minutes for an audience: a lab is built, three claims are shown, it goes."""

import argparse
import time

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from isolab.cli.context import deployed
from isolab.cli.errors import BAD_INPUT, FAILED, Failure
from isolab.draw.text import rendered
from isolab.lessons import read, texts
from isolab.lessons.check import check_claim
from isolab.lessons.focus import focus
from isolab.lessons.picture import picture
from machine.deployment import config

NAME = "demo"
HELP = "build the reference lab, show three claims with their pictures, take it down; unattended"
STACK = "demo"
SHOWN = (
    ("kernels", "containers-share-the-guests-kernel"),
    ("memory", "the-killer-stays-inside"),
    ("blast-radius", "a-process-takes-its-container-alone"),
)
"""Lessons and the claims of them that are shown."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--yes", action="store_true", help="use sudo without asking")
    parser.add_argument("--lang", choices=texts.LANGUAGES, help="language (default: that of LANG)")
    parser.add_argument(
        "--pause",
        type=float,
        default=6,
        metavar="SECONDS",
        help="time to read each page (default: 6)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Up, three claims, down; down also where something went wrong."""
    from isolab.cli import main

    if config.read(STACK) is not None:
        raise Failure(
            BAD_INPUT,
            f"stack {STACK} already exists, and the demo would change and remove it; "
            "nothing was changed",
            f"./lab down {STACK} removes it",
        )
    console = Console(highlight=False)
    language: str = arguments.lang or texts.language()
    yes = ["--yes"] if arguments.yes else []
    begin = time.monotonic()
    _page(console, "./lab up", arguments.pause)
    code = main(["up", "reference", "--stack", STACK, *yes])
    try:
        if code == 0:
            _claims(console, language, arguments.pause)
    finally:
        _page(console, "./lab down", arguments.pause)
        code = main(["down", STACK, "--yes"]) or code
    console.print(f"\n{time.monotonic() - begin:.0f} s")
    return code


def _claims(console: Console, language: str, pause: float) -> None:
    from isolab.cli.context.lesson_environment import lesson_environment
    from isolab.cli.context.tutor import result_of

    plan = deployed.required(STACK)
    known = {lesson.id: texts.translated(lesson, language) for lesson in read.catalogue()}
    with lesson_environment(plan) as here:
        for lesson_id, claim_id in SHOWN:
            lesson = known[lesson_id]
            claim = next(claim for claim in lesson.claims if claim.id == claim_id)
            _page(console, lesson.title, 0)
            console.print(Text(lesson.shows, style="italic"))
            drawing = picture(plan, language, focus(lesson, plan))
            console.print(rendered(drawing), soft_wrap=True)
            time.sleep(pause)
            result = check_claim(claim, lesson, here)
            console.print(result_of(texts.words(language), result))
            if result.verdict != "holds":
                raise Failure(FAILED, f"{claim.claim}: {result.verdict}", result.evidence)
            time.sleep(pause)


def _page(console: Console, title: str, pause: float) -> None:
    console.print(Panel(Text(title, style="bold"), expand=True))
    time.sleep(pause / 3)
