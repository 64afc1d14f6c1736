"""`./lab learn`: the lessons, one at a time, beside the lab that they are about."""

import argparse
import sys
from pathlib import Path

from isolab.cli import deployed, results, stack
from isolab.cli.check import lessons
from isolab.cli.errors import DONE
from isolab.lessons import texts
from isolab.plan.model import Plan

NAME = "learn"
HELP = "lessons on what each layer isolates, with the lab at hand"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "lessons", nargs="*", metavar="LESSON", help="name or number (a list to choose from)"
    )
    stack.add_option(parser)
    parser.add_argument("--lang", choices=texts.LANGUAGES, help="language (from LANG)")
    parser.add_argument(
        "--html", type=Path, metavar="FOLDER", help="write the course there as pages instead"
    )


def run(arguments: argparse.Namespace) -> int:
    """A conversation on a terminal; the plain text where there is none; or pages."""
    from isolab.cli import tutor

    language: str = arguments.lang or texts.language()
    chosen = tuple(texts.translated(lesson, language) for lesson in lessons(arguments.lessons))
    name = stack.name(arguments)
    plan, up = _plan(name)
    if arguments.html:
        for page in _pages(arguments.html, plan, language):
            print(page)
        return DONE
    course = tutor.Course(
        plan=plan, up=up, lessons=chosen, language=language, known=results.known(name)
    )
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        tutor.show(course, whole=bool(arguments.lessons))
        return DONE
    tutor.converse(course, first=0 if arguments.lessons else None)
    return DONE


def _plan(name: str) -> tuple[Plan, bool]:
    """The deployed plan; while the stack is down, the one that its lab file gives."""
    plan = deployed.find(name)
    if plan is not None:
        return plan, True
    return stack.checked_plan(stack.target_of(name))[0], False


def _pages(folder: Path, plan: Plan, language: str) -> list[Path]:
    from isolab.lessons import pages

    course = tuple(texts.translated(lesson, language) for lesson in lessons(()))
    last = {name: kept.result for name, kept in results.known(plan.stack).items()}
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, page in pages.pages(course, plan, last, language).items():
        (folder / name).write_text(page, encoding="utf-8")
        written.append(folder / name)
    return written
