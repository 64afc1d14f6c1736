"""Where a lesson's command is typed: it is written for the host, and often for one place."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.course import Place

OPTIONS = ("--stack", "--replica")
OPERATORS = frozenset(";&|<>()\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """A line, and the place whose shell reads it."""

    place: str
    line: str


def typed(command: str, places: Sequence[Place]) -> Typed | None:
    """The command as it is typed at its place; None where it is for the host, which is not open.

    `./lab ssh GUEST -- WORDS` is those words in the guest's shell, `./lab exec SERVICE -- WORDS` in
    the container's; what else the host's shell would do needs the host.
    """
    inner = _inner(command, places)
    if inner is not None:
        return inner
    hosts = (place.name for place in places if place.kind == "host")
    return next((Typed(place=host, line=command) for host in hosts), None)


def _inner(command: str, places: Sequence[Place]) -> Typed | None:
    before, border, after = command.partition(" -- ")
    if not border or "$" in command or "`" in command or _has_operators(command):
        return None
    try:
        asked, words = shlex.split(before), shlex.split(after)
    except ValueError:
        return None
    for option in OPTIONS:
        if option in asked[2:]:
            at = asked.index(option)
            asked = asked[:at] + asked[at + 2 :]
    if len(asked) != 3 or asked[0] != "./lab":
        return None
    _, verb, name = asked
    for place in places:
        if verb == "ssh" and (place.kind, place.name) == ("guest", name):
            # ssh joins its words with spaces, and the guest's shell reads the line.
            return Typed(place=place.name, line=" ".join(words))
        if verb == "exec" and place.kind == "container" and name in (place.service, place.name):
            return Typed(place=place.name, line=shlex.join(words))
    return None


def _has_operators(command: str) -> bool:
    """Whether the host's own shell would do more than start one program."""
    reader = shlex.shlex(command, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    try:
        return any(set(word) <= OPERATORS for word in reader if word)
    except ValueError:
        return True
