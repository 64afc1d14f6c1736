"""Changes as marks on boxes: what the edit does, and how far it reaches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from isolab.diff.change import Change, Effect, data_words, losses
from isolab.draw.drawing import Action, Box, Damage, Mark
from isolab.draw.look import LOST

_ACTIONS: dict[str, Action] = {
    "create": "added",
    "update": "changed",
    "replace": "replaced",
    "delete": "removed",
}
_DAMAGES: tuple[Damage, ...] = ("", "restart", "recreate", "degraded", "unavailable")
"""From harmless to worst."""
_WORDS = {
    "restart": "restarts",
    "recreate": "is recreated",
    "degraded": "is degraded",
    "unavailable": "is unavailable",
    "none": "stays as it is",
}


def marked(box: Box, changes: Sequence[Change]) -> Box:
    """The box and all in it with the marks of the changes."""
    return _marked(box, _marks(changes))


def _marked(box: Box, marks: Callable[[Box], Mark | None]) -> Box:
    inside = tuple(_marked(inner, marks) for inner in box.boxes)
    return replace(box, boxes=inside, mark=_joined(box.mark, marks(box)))


def _marks(changes: Sequence[Change]) -> Callable[[Box], Mark | None]:
    """What a box's mark is, from its kind, its name and its service."""
    own: dict[tuple[str, str], Change] = {(c.layer, c.name): c for c in changes}
    suffered: dict[tuple[str, str], list[tuple[Change, Effect]]] = {}
    for change in changes:
        for effect in change.effects:
            suffered.setdefault((effect.layer, effect.name), []).append((change, effect))
    emptied = {(loss.guest, loss.volume): loss.because for loss in losses(changes)}

    def mark(box: Box) -> Mark | None:
        found = _of_loss(emptied, box)
        for key in _keys(box):
            if key in own:
                found = _joined(found, _of_change(own[key], box))
            if key[0] == "service" and ("container", box.name) in suffered:
                # What becomes of the container says more than what becomes of all replicas.
                continue
            for change, effect in suffered.get(key, ()):
                found = _joined(found, _of_effect(change, effect, box))
        return found

    return mark


def _keys(box: Box) -> Iterator[tuple[str, str]]:
    """Layer and name by which changes and effects may speak of it."""
    if box.kind in ("host", "guest", "container", "balancer"):
        yield (box.kind, box.name)
    if box.service:
        yield ("service", box.service)


def _of_loss(emptied: Mapping[tuple[str, str], str], box: Box) -> Mark | None:
    """Source: what is lost is what was there; what comes in its place is empty."""
    if box.kind != "volume" or (box.mark and box.mark.action == "added"):
        return None
    _, guest, _, volume = box.id.split("/", 3)
    because = emptied.get((guest, volume))
    return Mark(lost=True, words=(because,)) if because else None


def _of_change(change: Change, box: Box) -> Mark | None:
    if box.mark and box.mark.action in ("added", "removed"):
        # It stands in one of the plans alone, which says more than its service's change.
        return None
    action = _ACTIONS[change.change]
    if action in ("added", "removed"):
        return None
    if box.kind == "container" and action == "replaced":
        touched = {effect.name for effect in change.effects if effect.layer == "container"}
        action = "replaced" if not touched or box.name in touched else "changed"
    return Mark(action=action, words=change.reasons)


def _of_effect(change: Change, effect: Effect, box: Box) -> Mark | None:
    lost = effect.data == "lost"
    if box.mark and box.mark.action == "added":
        return None
    # What becomes of a service that the edit itself changes is no spread of it.
    own = change.layer == "service" and change.name == box.service
    data = f", data {data_words(effect.data)}" if effect.data != "none" else ""
    cause = "" if own else f" ({change.layer} {change.name})".replace("host host", "host")
    damage: Damage = ""
    if not own and effect.effect != "none":
        damage = effect.effect
    words = f"{_WORDS.get(effect.effect, effect.effect)}{data}{cause}"
    return Mark(damage=damage, lost=lost, words=(words,))


def _joined(first: Mark | None, second: Mark | None) -> Mark | None:
    """Both marks on one box: the edit's own action, the worst damage, all words."""
    if first is None or second is None:
        return first or second
    return Mark(
        action=first.action or second.action,
        damage=max((first, second), key=lambda mark: _DAMAGES.index(mark.damage)).damage,
        lost=first.lost or second.lost,
        words=tuple(dict.fromkeys((*first.words, *second.words))),
    )


def told(changes: Sequence[Change]) -> Iterator[str]:
    """Each volume whose data is lost in one line, then each change."""
    for loss in losses(changes):
        yield f"{LOST}: {loss.words}"
    for change in changes:
        what = change.layer if change.layer == "host" else f"{change.layer} {change.name}"
        reasons = f": {', '.join(change.reasons)}" if change.reasons else ""
        yield f"{what} {_ACTIONS[change.change]}{reasons}"
