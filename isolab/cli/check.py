"""`./lab check`: the claims of the lessons, held against the running lab."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from isolab.cli import deployed, live, results, stack
from isolab.cli.engine import say
from isolab.cli.errors import BAD_INPUT, DONE, FAILED, UNABLE, Failure
from isolab.labfile.node import did_you_mean
from isolab.lessons import plot, read, texts
from isolab.lessons.check import check_claim
from isolab.lessons.junit import junit
from isolab.lessons.model import ClaimResult, Lesson, LessonResult
from isolab.plan.model import Plan

NAME = "check"
HELP = "hold the lessons' claims against the running lab"
SETTLING = 30
"""Seconds that a lab has to be well before checks begin."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "lessons", nargs="*", metavar="LESSON", help="which ones (all that this lab can show)"
    )
    stack.add_option(parser)
    parser.add_argument("--lang", choices=texts.LANGUAGES, help="language (from LANG)")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="also write JUnit's XML there")


def run(arguments: argparse.Namespace) -> int:
    """Check; 0 where all holds, 1 where a claim is broken, 3 where one is inconclusive."""
    chosen = lessons(arguments.lessons)
    plan = deployed.required(stack.name(arguments))
    if not arguments.lessons:
        chosen = tuple(lesson for lesson in chosen if fits(lesson, plan))
    language: str = arguments.lang or texts.language()
    checked = check(plan, tuple(texts.translated(lesson, language) for lesson in chosen))
    results.keep(plan.stack, checked)
    if arguments.junit:
        arguments.junit.write_text(junit(plan.stack, checked), encoding="utf-8")
    if arguments.json:
        document = {"stack": plan.stack, "lessons": [asdict(lesson) for lesson in checked]}
        print(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        print("\n".join(summary(checked)))
    return code(checked)


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
    from isolab.cli.ground import ground

    before = live.wait_until_well(plan, SETTLING)
    if before.verdict != "well":
        lines = "\n  ".join(before.drift) or "something did not answer"
        raise Failure(UNABLE, f"the lab is not well, so checks would say nothing:\n  {lines}")
    checked: list[LessonResult] = []
    with ground(plan) as here:
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
    after = live.wait_until_well(plan)
    if after.verdict != "well":
        lines = "\n  ".join(after.drift)
        raise Failure(FAILED, f"the lab is not as it was before the checks:\n  {lines}")
    return tuple(checked)


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
