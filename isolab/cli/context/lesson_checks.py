"""The lessons that are meant, and their claims checked on the running lab."""

import argparse
from collections.abc import Sequence

from isolab.cli.context import live, stack
from isolab.cli.context.engine import say
from isolab.cli.context.lesson_environment import lesson_environment
from isolab.cli.errors import BAD_INPUT, FAILED, UNABLE, Failure
from isolab.cli.output import results
from isolab.labfile.syntax.node import did_you_mean
from isolab.lessons import plot, read, texts
from isolab.lessons.check import check_claim
from isolab.lessons.model import ClaimResult, Lesson, LessonResult
from isolab.plan.model import Plan

SETTLING = 30
"""Seconds that a lab has to be healthy before checks begin."""


def add_arguments(parser: argparse.ArgumentParser, which: str) -> None:
    """Which lessons, on which stack, in which language."""
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help=which)
    stack.add_option(parser)
    parser.add_argument("--lang", choices=texts.LANGUAGES, help="language (default: that of LANG)")


def lessons(names: Sequence[str]) -> tuple[Lesson, ...]:
    """The lessons of these names or numbers, all where none is named."""
    everything = read.catalogue()
    known = {lesson.id: lesson for lesson in everything}
    known |= {str(number): lesson for number, lesson in enumerate(everything, 1)}
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or "./lab learn lists them"
            raise Failure(BAD_INPUT, f"there is no lesson {name!r}", hint)
    return tuple(known[name] for name in names) or everything


def fits(lesson: Lesson, plan: Plan) -> bool:
    """Whether the lab has what the lesson needs."""
    return set(lesson.services) <= {c.service for c in plan.containers} and (
        lesson.guests <= len(plan.guests)
    )


def check(plan: Plan, chosen: Sequence[Lesson]) -> tuple[LessonResult, ...]:
    """The lessons' results, claim by claim; progress goes to standard error.

    The lab is looked at before and after: a check that leaves it another ends the command.
    """
    before = live.wait_until_healthy(plan, SETTLING)
    if before.verdict != "well":
        lines = "\n  ".join(before.drift) or "something did not answer"
        raise Failure(UNABLE, f"the lab is not healthy, so checks would prove nothing:\n  {lines}")
    checked: list[LessonResult] = []
    with lesson_environment(plan) as here:
        for lesson in chosen:
            say(f"\n{lesson.title}")
            done: list[ClaimResult] = []
            for claim in lesson.claims:
                if claim.warning:
                    say(f"  ! {claim.warning}")
                done.append(check_claim(claim, lesson, here))
                say(f"  {results.MARKS[done[-1].verdict]} {claim.claim} ({done[-1].seconds:.1f} s)")
                for line in plot.lines(plot.bars(claim, done[-1].figures)):
                    say(f"    {line}")
            checked.append(LessonResult(id=lesson.id, title=lesson.title, claims=tuple(done)))
    after = live.wait_until_healthy(plan)
    if after.verdict != "well":
        lines = "\n  ".join(after.drift)
        raise Failure(FAILED, f"the lab is not as it was before the checks:\n  {lines}")
    return tuple(checked)
