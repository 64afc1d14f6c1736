"""A lesson as its file says it, and what came of its checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

Verdict = Literal["holds", "broken", "inconclusive"]


STACK = "reference"
"""The stack that lessons are about, and commands where none is named."""


class _FromFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a lesson's file holds: a key that is none is an error, not left out in silence."""


class Step(_FromFile, frozen=True, kw_only=True):
    """One command at one place, and what it has to say.

    Several expectations must all be met. Without any, the command has to succeed.
    """

    at: str
    """host, guest, a service's name, or a name that the claim's `places` gives."""
    run: str
    """A line of shell. @name@ stands for a variable: one of the plan's, or of a step before."""
    keep: str = ""
    """Name of the variable that holds the output afterwards, without white space at its ends."""
    timeout: float = 30
    """Seconds until the place counts as unreachable."""
    code: int | None = None
    """The exit code."""
    fails: bool = False
    """The command has to end with another code than 0."""
    equals: str | None = None
    differs: str | None = None
    contains: str | None = None
    lacks: str | None = None
    above: float | str | None = None
    """The output is a number above this one; below likewise."""
    below: float | str | None = None


class Mutation(_FromFile, frozen=True, kw_only=True):
    """How a lab is broken so that exactly this claim is: the proof that its check can fail."""

    why: str
    """What is broken, in a line."""
    before: tuple[Step, ...] = ()
    """What breaks it, or is needed for it."""
    container: str = ""
    """The service whose first container is recreated …"""
    config: Mapping[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """… with this merged into what Docker's API is given (RFC 7396) …"""
    networks: tuple[str, ...] = ()
    """… and on these networks too."""
    places: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    """A place that another one stands in for: {guest: host} is a lab without that layer."""
    variables: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    """Other values for the lesson's variables."""
    after: tuple[Step, ...] = ()
    """What mends it again; the container is recreated as it was in any case."""


class Bar(_FromFile, frozen=True, kw_only=True):
    """One figure of a plot."""

    label: str
    """What was measured."""
    figure: str
    """The variable that a step of the claim keeps it in."""


class Plot(_FromFile, frozen=True, kw_only=True):
    """What a claim measures, as bars beside one another."""

    unit: str
    bars: tuple[Bar, ...]


class Claim(_FromFile, frozen=True, kw_only=True):
    """A sentence about a layer, and how to find out whether it is so."""

    id: str
    """Unique in its lesson."""
    claim: str
    """The sentence."""
    mutation: Mutation
    control: tuple[Step, ...]
    """What shows that the check can tell yes from no; must hold, or the verdict says nothing."""
    check: tuple[Step, ...]
    """What is so if the claim is."""
    warning: str = ""
    """What the check does that hurts, said beforehand."""
    before: tuple[Step, ...] = ()
    """Makes what the check needs."""
    after: tuple[Step, ...] = ()
    """Takes it away again, whatever came before."""
    plot: Plot | None = None
    """Shows what was measured, next to the verdict."""


class Try(_FromFile, frozen=True, kw_only=True):
    """A command for the learner."""

    run: str
    """As it is typed on the host; @name@ stands for a variable of the plan."""
    expect: str
    """What to look for in its output."""


class Question(_FromFile, frozen=True, kw_only=True):
    """Something to think about, and what to think of it."""

    ask: str
    answer: str


class Lesson(_FromFile, frozen=True, kw_only=True):
    """One lesson."""

    id: str = ""
    """The name of its folder without the number."""
    title: str
    shows: str
    """What the learner will see, in a sentence or two."""
    focus: tuple[str, ...]
    """The layers that it talks about: host, guest, or services; its picture lights them."""
    text: str
    """Paragraphs in Markdown."""
    services: tuple[str, ...] = ()
    """Services that the lab needs."""
    guests: int = 1
    """How many guests it needs."""
    stack: str = STACK
    """The example stack that has all it needs."""
    why: str = ""
    """Why it needs another stack than reference."""
    variables: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    tries: tuple[Try, ...]
    hints: tuple[str, ...] = ()
    """Help for the learner who is stuck, one step at a time."""
    questions: tuple[Question, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimResult:
    """What came of one claim."""

    id: str
    claim: str
    verdict: Verdict
    evidence: str
    """What was seen, for a claim that is broken or inconclusive; what confirmed it else."""
    control: str
    """What the positive control showed."""
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    """What was measured for the claim's plot, by variable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LessonResult:
    """What came of one lesson."""

    id: str
    title: str
    claims: tuple[ClaimResult, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its claims'."""
        verdicts = {claim.verdict for claim in self.claims}
        if "broken" in verdicts:
            return "broken"
        return "inconclusive" if "inconclusive" in verdicts else "holds"
