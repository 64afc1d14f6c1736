"""How marks and states look: never by colour alone."""

from isolab.draw.drawing import Action, Box, Damage, Drawing, Health, LineKind

SIGNS: dict[Action, str] = {"added": "+", "changed": "~", "replaced": "±", "removed": "-"}
DAMAGES: dict[Damage, str] = {
    "": "",
    "restart": "restarts",
    "recreate": "is recreated",
    "degraded": "is degraded",
    "unavailable": "goes away",
}
HEALTH: dict[Health, str] = {"healthy": "✓", "down": "✗", "unknown": "?"}
LOST = "DATA LOST"
SUFFERS = "▒ affected by a change elsewhere"
ARROWS: dict[LineKind, str] = {
    "attached": "is on",
    "mounted": "keeps its data on",
    "entry": "is open to",
    "route": "sends requests to",
    "link": "reaches across the lab network",
    "cluster": "shares its data with",
    "leaves": "is reached by NAT from",
}


def sign(box: Box) -> str:
    """The sign before the name of a box that a change touches, and a space."""
    return f"{SIGNS[box.mark.action]} " if box.mark and box.mark.action else ""


def heading(box: Box) -> str:
    """± guest app-1, or how many it stands for."""
    named = box.kind in ("guest", "balancer", "lab network")
    kind = f"{box.say(box.kind)} " if named else ""
    many = f" ({box.count} {box.say('alike')})" if box.alike else ""
    return f"{sign(box)}{kind}{box.title}{many}"


def remarks(box: Box, most: int = 3) -> tuple[str, ...]:
    """State, then what a change does; data loss comes first."""
    state = (f"{HEALTH[box.state.health]} {box.state.words}",) if box.state else ()
    if box.mark is None:
        return state
    loud = (LOST,) if box.mark.lost else ()
    action = (box.mark.action,) if box.mark.action else ()
    rest = len(box.mark.words) - most
    more = (f"and {rest} more",) if rest > 0 else ()
    return (*state, *loud, *action, *box.mark.words[:most], *more)


def volume(box: Box) -> str:
    """A volume as its disk tells of it."""
    loss = f", {LOST}" if box.mark and box.mark.lost else ""
    return f"{sign(box)}{box.say('volume')} {box.title}{loss}"


def legend(drawing: Drawing) -> str:
    """The signs of this drawing, in words."""
    boxes = tuple(drawing.walk())
    actions = {box.mark.action for box in boxes if box.mark}
    parts = [f"{character} {action}" for action, character in SIGNS.items() if action in actions]
    if any(box.mark and box.mark.damage for box in boxes):
        parts.append(SUFFERS)
    if drawing.shows_states:
        parts += [f"{character} {health}" for health, character in HEALTH.items()]
    if any(box.focus for box in boxes):
        parts.append(f"▶ {drawing.say('highlighted')}")
    return "   ".join(parts)


def described(drawing: Drawing) -> str:
    """The whole picture in words, for who cannot see it."""
    names = {box.id: _named(box) for box in drawing.walk()}
    parts = [drawing.description, *drawing.changes]
    parts += [_in_words(box) for box in drawing.walk() if box.kind not in ("network", "internal")]
    for line in drawing.lines:
        target = names[line.target]
        parts.append(
            f"{names[line.source]} {drawing.say(ARROWS[line.kind])} {target} {line.label}".strip()
        )
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _in_words(box: Box) -> str:
    inner = [each.title for each in box.boxes]
    holds = f", {box.say('holds')} {', '.join(inner)}" if inner else ""
    many = f", {box.count} {box.say('alike')}" if box.alike else ""
    said = ", ".join((*box.facts, *remarks(box)))
    return f"{_named(box)}{many}: {said}{holds}"


def _named(box: Box) -> str:
    """Its kind and its name: container web-1."""
    return f"{box.say(box.kind)} {box.title}"
