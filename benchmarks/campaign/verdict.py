"""Whether a fault did harm: decided from what was seen, without another look."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command of isolab that came to its end."""

    words: str
    code: int
    """Its exit code; negative where a signal ended it."""
    seconds: float
    said: str
    """What it printed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was seen once the commands behind a fault had ended."""

    converging: tuple[Command, ...]
    """The commands that had to bring the lab back, or to remove it, in their order."""
    left: tuple[str, ...] = ()
    """What there was at the end and before the fault was not."""
    missing: tuple[str, ...] = ()
    """What there was before the fault and not at the end."""
    written: frozenset[str] = frozenset()
    """The writes that were acknowledged."""
    found: frozenset[str] = frozenset()
    """Those that were read at the end."""

    @property
    def lost(self) -> int:
        """Acknowledged writes that are gone."""
        return len(self.written - self.found)

    @property
    def seconds(self) -> float:
        """What the converging commands took."""
        return sum(command.seconds for command in self.converging)


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What was seen of one fault."""

    fault: str
    what: str
    at: float | None
    """Seconds after the command's start; None where it had ended before."""
    commands: tuple[Command, ...]
    """The one that was disturbed, and where two were at work the other one; none in a soak."""
    refused: bool
    """Whether this fault may only be answered by a refusal, with exit code 1, 2 or 3."""
    outcome: Outcome


PARSER_WORDS = ("Traceback", "Expecting value", "line 1 column", "KeyError", "JSONDecodeError")
"""Of an error that no message was made of."""
ANSWERS = (0, 1, 2, 3, 130)
"""Exit codes that are an answer, also to two commands at once."""


def problems(seen: Observation) -> tuple[str, ...]:
    """What is wrong; nothing where the lab came through."""
    found: list[str] = []
    outcome = seen.outcome
    for command in seen.commands:
        if seen.refused and command.code not in (1, 2, 3):
            found.append(f"{command.words} ended with {command.code}, expected a refusal")
        if len(seen.commands) > 1 and command.code not in ANSWERS:
            found.append(f"{command.words} ended with {command.code}")
    for command in (*seen.commands, *outcome.converging):
        words = [word for word in PARSER_WORDS if word in command.said]
        if words:
            found.append(f"{command.words} printed {words[0]!r}")
    for command in outcome.converging:
        if command.code:
            found.append(f"{command.words} ended with {command.code}")
    if outcome.lost:
        found.append(f"{outcome.lost} acknowledged writes lost")
    found += [f"left over: {thing}" for thing in outcome.left]
    found += [f"missing: {thing}" for thing in outcome.missing]
    return tuple(found)
