"""What the engine says while it works, as typed events."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

_COLOUR = re.compile(r"<\{%.*?%\}>")

Severity = Literal["debug", "info", "info#err", "warning", "error"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One operation on one resource."""

    operation: str
    """The engine's word: create, update, delete, replace, create-replacement, same, …"""
    urn: str
    parent: str
    """URN of the component that it belongs to; empty for the stack itself."""
    diffs: tuple[str, ...]
    """The properties that changed."""
    outputs: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """The engine started an operation."""

    step: Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """The operation succeeded; in a preview: it would be done."""

    step: Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """The operation failed."""

    step: Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Something that a resource, its plugin or the program said."""

    severity: Severity
    urn: str
    """Of the resource it is about; empty where it is about none."""
    text: str
    passing: bool
    """Of interest only while it happens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """The last word of an operation that came to its end."""

    changes: Mapping[str, int]
    """Operation to how many resources."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """Nothing happened for a moment, so that whoever tells the progress can tell the time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Something that isolab itself did while the engine worked."""

    text: str


Event = Begun | Done | Failed | Message | Note | Summary | Tick

_STEPS = {"resourcePreEvent": Begun, "resOutputsEvent": Done, "resOpFailedEvent": Failed}


def parse(line: str) -> Event | None:
    """One line of the engine's event log; None where it is of no interest here."""
    raw: dict[str, Any] = json.loads(line)
    for key, kind in _STEPS.items():
        if key in raw:
            return kind(step=_step(raw[key]["metadata"]))
    if "diagnosticEvent" in raw:
        said = raw["diagnosticEvent"]
        text = _COLOUR.sub("", said.get("message", "")).strip()
        return _message(said, text) if text else None
    if "summaryEvent" in raw:
        return Summary(changes=raw["summaryEvent"].get("resourceChanges") or {})
    return None


def _message(said: Mapping[str, Any], text: str) -> Message:
    return Message(
        severity=said.get("severity", "info"),
        urn=said.get("urn", ""),
        text=text,
        passing=bool(said.get("ephemeral")),
    )


def _step(metadata: Mapping[str, Any]) -> Step:
    new: Mapping[str, Any] = metadata.get("new") or {}
    old: Mapping[str, Any] = metadata.get("old") or {}
    return Step(
        operation=metadata["op"],
        urn=metadata["urn"],
        parent=(new or old).get("parent", ""),
        diffs=tuple(metadata.get("diffs") or ()),
        outputs=new.get("outputs") or {},
    )
