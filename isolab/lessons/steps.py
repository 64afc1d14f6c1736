"""One step of a check: its command run, its output held against what is expected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isolab.lessons.model import Step
from isolab.lessons.variables import fill
from isolab.transport import Result, Transport, Unreachable

NOT_RUN = (126, 127)
"""A shell's and Docker's codes for a command that could not be started: no answer at all."""
SHOWN = 160
"""Characters of an output that evidence quotes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What a step showed."""

    met: bool
    """Whether all that was expected came."""
    words: str
    """Place, command and output, in a line or two."""


def take(step: Step, places: Mapping[str, Transport], variables: dict[str, str]) -> Seen:
    """Run a step; what it keeps goes into the variables.

    Raises:
        Unreachable: The question could not be asked.
        NoSuchVariable: The step names what this lab does not have.
    """
    if step.at not in places:
        raise Unreachable(f"this lab has no {step.at}")
    command = fill(step.run, variables)
    result = places[step.at].run(["sh", "-c", command], timeout=step.timeout)
    if result.code in NOT_RUN and step.code != result.code:
        raise Unreachable(f"at {step.at}: {_short(result.stderr or result.stdout)}")
    output = result.stdout.strip()
    if step.keep:
        variables[step.keep] = output
    missed = tuple(_missed(step, result, output, variables))
    sought = fill(step.contains or step.lacks or "", variables)
    said = _short(output or result.stderr.strip() or f"(nothing, code {result.code})", sought)
    wanted = f"; expected {' and '.join(missed)}" if missed else ""
    return Seen(met=not missed, words=f"{step.at}: {_short(command)} → {said}{wanted}")


def _missed(step: Step, result: Result, output: str, variables: Mapping[str, str]) -> Iterator[str]:
    """What was expected and did not come."""
    expects = (step.equals, step.differs, step.contains, step.lacks, step.above, step.below)
    silent = all(expectation is None for expectation in expects)
    code = step.code if step.code is not None else 0 if silent and not step.fails else None
    if code is not None and result.code != code:
        yield f"exit code {code}, not {result.code}"
    if step.fails and result.code == 0:
        yield "a failure"
    if step.equals is not None and output != fill(step.equals, variables):
        yield fill(step.equals, variables) or "nothing"
    if step.differs is not None and (not output or output == fill(step.differs, variables)):
        yield f"something other than {fill(step.differs, variables)}"
    if step.contains is not None and fill(step.contains, variables) not in output:
        yield f"{fill(step.contains, variables)} in it"
    if step.lacks is not None and fill(step.lacks, variables) in output:
        yield f"no {fill(step.lacks, variables)} in it"
    if step.above is not None and not _number(output) > _bound(step.above, variables):
        yield f"more than {_bound(step.above, variables):g}"
    if step.below is not None and not _number(output) < _bound(step.below, variables):
        yield f"less than {_bound(step.below, variables):g}"


def _number(output: str) -> float:
    """The output as a number; one that meets no expectation where it is none."""
    try:
        return float(output)
    except ValueError:
        return float("nan")


def _bound(bound: float | str, variables: Mapping[str, str]) -> float:
    return float(fill(bound, variables)) if isinstance(bound, str) else bound


def _short(text: str, sought: str = "") -> str:
    """Its beginning, or where it has what was sought."""
    line = " ".join(text.split())
    at = max(0, min(line.find(sought) - SHOWN // 2, len(line) - SHOWN))
    part = line[at : at + SHOWN]
    return f"{'…' if at else ''}{part}{'…' if at + SHOWN < len(line) else ''}"
