"""How rules say what is wrong, and where."""

from collections.abc import Iterable
from dataclasses import replace

from isolab.labfile.syntax.node import did_you_mean, dotted
from isolab.model import Lab, Path, Problem


def problem(lab: Lab, path: Path, message: str, hint: str = "") -> Problem:
    """What is wrong with the value at this path."""
    return Problem(position=lab.position(*path), path=dotted(path), message=message, hint=hint)


def warning(lab: Lab, path: Path, message: str, hint: str = "") -> Problem:
    """A choice at this path that one may make, but should know of."""
    return replace(problem(lab, path, message, hint), severity="warning")


def unknown(lab: Lab, path: Path, what: str, name: str, known: Iterable[str]) -> Problem:
    """A name that nothing has."""
    names = sorted(known)
    there = f"there is {', '.join(names)}" if names else f"the lab declares no {what}"
    hint = did_you_mean(name, names) or there
    return problem(lab, path, f"there is no {what} {name!r}", hint)


def item(lab: Lab, path: Path, name: str, index: int) -> Path:
    """Where a name stands: a key of a mapping, an item of a list, or the value itself."""
    places = ((*path, name), (*path, index))
    return next((place for place in places if place in lab.positions), path)


def setting(lab: Lab, group: str, guest: str, key: str) -> Path:
    """Where the value of a guest stands: in its own entry, else in that of its group."""
    own = ("guests", guest, key)
    return own if own in lab.positions else ("guests", group, key)
