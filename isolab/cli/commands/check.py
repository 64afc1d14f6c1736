"""`./lab check`: tests the claims of the lessons on the running lab."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from isolab.cli.context import deployed, engine, stack
from isolab.cli.context.lesson_checks import add_arguments, check, fits, lessons
from isolab.cli.errors import DONE, FAILED, UNABLE
from isolab.cli.output import document, results
from isolab.lessons import texts
from isolab.lessons.junit import junit
from isolab.lessons.model import LessonResult

NAME = "check"
HELP = "check the lessons' claims on the running lab"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_arguments(parser, "lessons to check (default: all that this lab can show)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument(
        "--junit", type=Path, metavar="FILE", help="also write JUnit XML to this file"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check; 0 where all holds, 1 where a claim is broken, 3 where one is inconclusive."""
    chosen = lessons(arguments.lessons)
    name = stack.name(arguments)
    # Checks stop and start things of the lab: nobody else may change it meanwhile.
    with engine.alone(name, NAME):
        plan = deployed.required(name)
        if not arguments.lessons:
            chosen = tuple(lesson for lesson in chosen if fits(lesson, plan))
        language: str = arguments.lang or texts.language()
        checked = check(plan, tuple(texts.translated(lesson, language) for lesson in chosen))
    results.keep(plan.stack, checked)
    if arguments.junit:
        arguments.junit.write_text(junit(plan.stack, checked), encoding="utf-8")
    if arguments.json:
        content = {"stack": plan.stack, "lessons": [asdict(lesson) for lesson in checked]}
        print(document.text(content))
    else:
        print("\n".join(summary(checked)))
    return code(checked)


def code(checked: Sequence[LessonResult]) -> int:
    """The exit code for these results."""
    verdicts = {lesson.verdict for lesson in checked}
    return FAILED if "broken" in verdicts else UNABLE if "inconclusive" in verdicts else DONE


def summary(checked: Sequence[LessonResult]) -> list[str]:
    """The counts, and the evidence for each claim that does not hold."""
    claims = [(lesson, claim) for lesson in checked for claim in lesson.claims]
    count = {
        verdict: sum(c.verdict == verdict for _, c in claims)
        for verdict in results.MARKS
        if verdict
    }
    lines = [", ".join(f"{number} {verdict}" for verdict, number in count.items())]
    for lesson, claim in claims:
        if claim.verdict != "holds":
            lines += [
                f"{claim.verdict}: {lesson.id}: {claim.claim}",
                *([f"  control   {claim.control}"] if claim.control else []),
                f"  evidence  {claim.evidence}",
            ]
    return lines
