"""What happens one after another in a change, as the engine does it."""

from collections.abc import Iterator, Sequence

from isolab.diff.change import Change, Effect
from isolab.diff.reach import Reach
from isolab.diff.transition import GuestTransition

MOST_NAMED = 4


def of_guest(reach: Reach, guest: GuestTransition, effects: Sequence[Effect]) -> Iterator[str]:
    """The order of a guest's change.

    Source: names are unique, so the engine deletes before it recreates, what stands on a thing
    before the thing; components/guest.py makes everything inside wait for readiness.
    """
    by = {kind: _containers(effects, kind) for kind in ("restart", "recreate", "unavailable")}
    everything = [name for names in by.values() for name in names]
    yield f"{guest.name} is switched off" + _with(everything, ", and with it {}")
    if guest.new is None:
        yield f"{guest.name} is removed, with its disks"
        return
    if guest.root:
        yield "its root disk is replaced" + ("" if guest.data else _retained(guest))
    if guest.data:
        yield _another_data_disk(guest)
    yield f"{guest.name} boots, and its Docker answers"
    yield from _sentence(by["restart"], "Docker starts {} again")
    # In the order of the plan, which is that of the start.
    yield from _sentence(_in_order(reach, by["recreate"]), "{} recreated")
    yield from _sentence(by["unavailable"], "{} stopped")


def of_host(effects: Sequence[Effect]) -> Iterator[str]:
    """The order of a change of the host's layer: guests are taken off the network first."""
    guests = [effect.name for effect in effects if effect.layer == "guest"]
    yield from _sentence(guests, "{} switched off")
    yield "the lab network and the registry are replaced"
    yield from _sentence(guests, "{} started with the new settings")
    yield from _sentence(_containers(effects, "recreate"), "{} recreated")


def of_service(reach: Reach, change: Change) -> Iterator[str]:
    """The order of a service's change: each container is removed before its successor is made."""
    gone = [
        name
        for name in _containers(change.effects, "unavailable")
        if reach.actions[name][0] == "delete"
    ]
    first = [name for name in gone if name in reach.holders]
    yield from _sentence(first, "first {} removed: another container takes over a port")
    remade = _in_order(reach, _containers(change.effects, "recreate"))
    for name in remade[:MOST_NAMED]:
        yield f"{name} is removed, then recreated"
    if len(remade) > MOST_NAMED:
        yield f"{len(remade) - MOST_NAMED} more, each in the same way"
    last = [name for name in gone if name not in reach.holders]
    yield from _sentence(last, "at the end {} removed; volumes are retained")


def _another_data_disk(guest: GuestTransition) -> str:
    if guest.old and guest.old.data is None:
        return "it gets a data disk, which is empty"
    if guest.new and guest.new.data is None:
        return "its data disk is removed, with its data"
    return "its data disk is replaced by an empty one"


def _retained(guest: GuestTransition) -> str:
    return "; its data disk stays" if guest.old and guest.old.data else ""


def _containers(effects: Sequence[Effect], kind: str) -> list[str]:
    return [e.name for e in effects if e.layer == "container" and e.effect == kind]


def _in_order(reach: Reach, names: Sequence[str]) -> list[str]:
    wanted = frozenset(names)
    new = reach.transition.new
    guests = new.guests if new else ()
    order = [c.name for guest in guests for c in guest.containers if c.name in wanted]
    known = frozenset(order)
    return [*order, *(name for name in names if name not in known)]


def _with(names: Sequence[str], words: str) -> str:
    return words.format(_listed(names)) if names else ""


def _sentence(names: Sequence[str], words: str) -> Iterator[str]:
    if names:
        verb = "is" if len(names) == 1 else "are"
        takes_verb = not words.startswith("Docker")
        said = f"{_listed(names)} {verb}" if takes_verb else _listed(names)
        yield words.format(said)


def _listed(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
