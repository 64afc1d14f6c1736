"""A drawing in another language: words of isolab's own are translated, names of the lab are not."""

import re
from dataclasses import replace

from isolab.draw.drawing import Box, Drawing, Line, Say

_NAMED_BY_ISOLAB = ("outside", "host", "registry", "disk")
"""Kinds of boxes whose names are words."""
_COUNTED = re.compile(r"(\d[\d.]*) (.+)")
_LED = re.compile(r"(ports?|cluster) (.+)")


def translated(drawing: Drawing, say: Say) -> Drawing:
    """The drawing of a plan in the language of `say`.

    What a change does, and states, stay in English, as the commands that tell them do.

    Args:
        drawing: As isolab.draw.make makes it.
        say: From the English words to those of the language, or to themselves.
    """
    return replace(
        drawing,
        description=say(drawing.description),
        outside=_box(drawing.outside, say),
        host=_box(drawing.host, say),
        lines=tuple(_line(line, say) for line in drawing.lines),
        say=say,
    )


def phrase(text: str, say: Say) -> str:
    """A fact, part by part: 2 backends, sticky; port 3306; guests under KVM."""
    if (whole := say(text)) != text:
        return whole
    if ", " in text:
        return ", ".join(phrase(part, say) for part in text.split(", "))
    if counted := _COUNTED.fullmatch(text):
        return f"{counted[1]} {say(counted[2])}"
    if led := _LED.fullmatch(text):
        return f"{say(led[1])} {led[2]}"
    return text


def _box(box: Box, say: Say) -> Box:
    # A container's first fact is its image.
    names, facts = box.facts[:1], box.facts[1:]
    if box.kind != "container":
        names, facts = (), box.facts
    return replace(
        box,
        name=say(box.name) if box.kind in _NAMED_BY_ISOLAB else box.name,
        facts=(*names, *(phrase(fact, say) for fact in facts)),
        boxes=tuple(_box(inner, say) for inner in box.boxes),
        say=say,
    )


def _line(line: Line, say: Say) -> Line:
    return replace(line, label=say(line.label))
