"""From a claim and a running lab to a verdict.

A claim holds only where its positive control passed in the same run: a check that cannot tell
yes from no says nothing, so then the verdict is inconclusive.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isolab.lessons.model import Claim, ClaimResult, Lesson, Step, Verdict
from isolab.lessons.plot import figures
from isolab.lessons.steps import take
from isolab.lessons.variables import NoSuchVariable
from isolab.transport import Transport, Unreachable


@dataclass(frozen=True, kw_only=True, slots=True)
class LessonEnvironment:
    """The running lab under a lesson."""

    places: Mapping[str, Transport]
    """host, guest, each guest, service and container by its name."""
    variables: Mapping[str, str]


def check_claim(claim: Claim, lesson: Lesson, lesson_environment: LessonEnvironment) -> ClaimResult:
    """One claim's verdict; what its check made or broke is repaired, whatever happens."""
    begin = time.monotonic()
    variables = {**lesson_environment.variables, **lesson.variables}
    missing = [service for service in lesson.services if service not in lesson_environment.places]
    seen = _Seen()
    verdict: Verdict = "inconclusive"
    if missing:
        seen.check = f"this lab has no service {', '.join(missing)}; stack {lesson.stack} has"
    else:
        try:
            verdict = _verdict(claim, lesson_environment.places, variables, seen)
        except (Unreachable, NoSuchVariable) as silent:
            seen.check = f"could not be asked: {silent}"
        finally:
            left = _restore(claim.after, lesson_environment.places, variables)
        if left:
            verdict = "inconclusive"
            seen.check += f"; could not be repaired: {left}"
    return ClaimResult(
        id=claim.id,
        claim=claim.claim,
        verdict=verdict,
        evidence=seen.check,
        control=seen.control,
        seconds=round(time.monotonic() - begin, 1),
        figures=figures(claim, variables),
    )


@dataclass(slots=True)
class _Seen:
    """What the run has shown so far."""

    control: str = ""
    check: str = ""


def _verdict(
    claim: Claim, places: Mapping[str, Transport], variables: dict[str, str], seen: _Seen
) -> Verdict:
    prepared, words = _all_met(claim.before, places, variables)
    if not prepared:
        seen.check = f"could not be prepared: {words}"
        return "inconclusive"
    works, seen.control = _all_met(claim.control, places, variables)
    if not works:
        seen.check = "the positive control failed, so the check would prove nothing"
        return "inconclusive"
    holds, seen.check = _all_met(claim.check, places, variables)
    return "holds" if holds else "broken"


def _all_met(
    steps: Sequence[Step], places: Mapping[str, Transport], variables: dict[str, str]
) -> tuple[bool, str]:
    """Whether all steps met what is expected, up to the first that did not, and what was seen."""
    words: list[str] = []
    for step in steps:
        seen = take(step, places, variables)
        if not seen.met:
            return False, seen.words
        words.append(seen.words)
    return True, "; ".join(words)


def _restore(
    steps: Sequence[Step], places: Mapping[str, Transport], variables: dict[str, str]
) -> str:
    """Run every step, also behind one that fails; what went wrong."""
    wrong: list[str] = []
    for step in steps:
        try:
            seen = take(step, places, variables)
        except (Unreachable, NoSuchVariable) as silent:
            wrong.append(str(silent))
        else:
            if not seen.met:
                wrong.append(seen.words)
    return "; ".join(wrong)
