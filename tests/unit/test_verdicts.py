"""A verdict says no more than what was seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from isolab.lessons.check import LessonEnvironment, check_claim
from isolab.lessons.junit import junit
from isolab.lessons.model import Claim, ClaimResult, Lesson, LessonResult, Mutation, Step
from isolab.lessons.steps import take
from isolab.transport import Result, Unreachable


@dataclass
class Place:
    """A place that answers as it is told, and keeps what it was asked."""

    answers: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        return list(command)

    def run(self, command: Sequence[str], input: str = "", timeout: float = 30) -> Result:
        line = command[-1]
        self.asked.append(line)
        if line == "silence":
            raise Unreachable("no answer")
        output, code = self.answers.get(line, ("", 0))
        return Result(stdout=f"{output}\n", stderr="", code=code, duration=0)


def lesson(*, variables: Mapping[str, str] | None = None, services: tuple[str, ...] = ()) -> Lesson:
    return Lesson(
        id="try",
        title="Try",
        shows="x",
        focus=(),
        text="x",
        tries=(),
        questions=(),
        claims=(),
        services=services,
        variables=variables or {},
    )


def claim(
    check: Step,
    control: Step | None = None,
    before: tuple[Step, ...] = (),
    after: tuple[Step, ...] = (),
) -> Claim:
    return Claim(
        id="c",
        claim="So it is.",
        mutation=Mutation(why="x"),
        before=before,
        control=(control or Step(at="host", run="works"),),
        check=(check,),
        after=after,
    )


def checked(claim: Claim, place: Place, **more: str) -> ClaimResult:
    lesson_environment = LessonEnvironment(places={"host": place}, variables=more)
    return check_claim(claim, lesson(), lesson_environment)


ANSWERS = {"three": ("3", 0), "no": ("", 1), "missing": ("", 127), "word": ("one two", 0)}


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        (Step(at="host", run="three", equals="3"), "holds"),
        (Step(at="host", run="three", equals="4"), "broken"),
        (Step(at="host", run="three", differs="3"), "broken"),
        (Step(at="host", run="nothing", differs="3"), "broken"),
        (Step(at="host", run="three", above=2), "holds"),
        (Step(at="host", run="three", above=3), "broken"),
        (Step(at="host", run="three", below="@bound@"), "holds"),
        (Step(at="host", run="word", above=0), "broken"),
        (Step(at="host", run="word", contains="two"), "holds"),
        (Step(at="host", run="word", lacks="two"), "broken"),
        (Step(at="host", run="no", fails=True), "holds"),
        (Step(at="host", run="three", fails=True), "broken"),
        (Step(at="host", run="no", code=1), "holds"),
        (Step(at="host", run="no", code=2), "broken"),
        (Step(at="host", run="no"), "broken"),
        (Step(at="host", run="missing", fails=True), "inconclusive"),
        (Step(at="host", run="silence"), "inconclusive"),
        (Step(at="host", run="echo @unknown@"), "inconclusive"),
        (Step(at="elsewhere", run="three"), "inconclusive"),
    ],
)
def test_what_a_step_shows(step: Step, verdict: str) -> None:
    result = checked(claim(step), Place(ANSWERS), bound="4")
    assert result.verdict == verdict
    assert result.evidence


def test_without_a_working_control_nothing_holds() -> None:
    result = checked(
        claim(Step(at="host", run="three", equals="3"), control=Step(at="host", run="no")),
        Place(ANSWERS),
    )
    assert result.verdict == "inconclusive"
    assert "control" in result.evidence


@pytest.mark.parametrize("run", ["three", "no", "silence", "missing"])
def test_what_was_broken_is_repaired_whatever_happens(run: str) -> None:
    place = Place(ANSWERS)
    checked(claim(Step(at="host", run=run), after=(Step(at="host", run="mend"),)), place)
    assert place.asked[-1] == "mend"


def test_a_lab_that_could_not_be_repaired_is_said_so() -> None:
    result = checked(
        claim(Step(at="host", run="three"), after=(Step(at="host", run="no"),)), Place(ANSWERS)
    )
    assert result.verdict == "inconclusive"
    assert "repaired" in result.evidence


def test_what_is_recorded_is_known_to_later_steps() -> None:
    place = Place({"three": ("3", 0), "echo 3": ("3", 0)})
    keep = Step(at="host", run="three", keep="number")
    result = checked(claim(Step(at="host", run="echo @number@", equals="3"), before=(keep,)), place)
    assert result.verdict == "holds"


def test_a_lab_without_the_service_is_inconclusive() -> None:
    asking = claim(Step(at="host", run="three"))
    place = Place(ANSWERS)
    nothing = LessonEnvironment(places={}, variables={})
    result = check_claim(asking, lesson(services=("web",)), nothing)
    assert result.verdict == "inconclusive"
    assert "web" in result.evidence
    assert not place.asked


def test_junit_counts_and_escapes() -> None:
    broken = checked(claim(Step(at="host", run="three", equals="<4>")), Place(ANSWERS))
    result = LessonResult(id="try", title="Try", claims=(broken,))
    text = junit("reference", (result,))
    assert '<testsuite name="try" tests="1" failures="1" skipped="0"' in text
    assert "&lt;4&gt;" in text


@pytest.mark.parametrize("length", [0, 100, 5000])
def test_evidence_quotes_what_was_sought_however_far_down_it_stands(length: int) -> None:
    place = Place({"list": (f"{'first ' * length}mariadbd{' last' * length}", 0)})
    seen = take(Step(at="guest", run="list", contains="mariadbd"), {"guest": place}, {})
    assert seen.met
    assert "mariadbd" in seen.words
    assert len(seen.words) < 200
