"""Tells what the engine does while it does it, by layer."""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from isolab.cli.output import layers
from isolab.cli.output.layers import Layer
from isolab.visible import visible
from machine.deployment.events import Begun, Done, Event, Failed, Message, Note, Step

UNREMARKABLE = 2.0
"""Seconds after which an operation that still runs is worth a line where lines cannot change."""
_CLEAR = "\r\x1b[K"
_WIDTH = 79


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """When a layer's operations ran, in seconds of the clock."""

    begin: float
    end: float


class Progress:
    """Writes a line an operation, and on a terminal one that changes.

    Args:
        guests: Names of the lab's guests.
        stream: Where to write.
        clock: Counts seconds.
    """

    def __init__(
        self,
        guests: Sequence[str],
        stream: TextIO = sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.actions = 0
        """How many operations changed something."""
        self.spans: dict[Layer, Span] = {}
        self.durations: list[tuple[str, float]] = []
        """What was done to what (make domain, remove container web), and its seconds."""
        self.errors: list[str] = []
        self._guests = guests
        self._stream = stream
        self._clock = clock
        self._running: dict[str, tuple[Step, float]] = {}
        self._told: set[str] = set()
        self._said = ""
        self._live = stream.isatty()

    def follow(self, events: Iterable[Event]) -> None:
        """Tell all events, to the last."""
        for event in events:
            self.tell(event)
        self._show("")

    def tell(self, event: Event) -> None:
        """Tell one event."""
        match event:
            case Begun(step=step) if _counts(step):
                self._running[step.urn] = (step, self._clock())
            case Done(step=step) if step.urn in self._running:
                self._end(step, layers.action(step.operation) or step.operation)
            case Failed(step=step) if step.urn in self._running:
                self._end(step, "failed")
            case Message(severity="error"):
                self._error(event)
            case Note(text=text):
                self.line(text)
            case Message(passing=True):
                self._said = event.text.splitlines()[-1]
            case _:
                pass
        self._tell_running()

    def line(self, text: str) -> None:
        """Write a line for good."""
        clear = _CLEAR if self._live else ""
        print(clear + visible(text, keep="\n\t"), file=self._stream, flush=True)

    def _end(self, step: Step, action: str) -> None:
        _, begin = self._running.pop(step.urn)
        self._told.discard(step.urn)
        now = self._clock()
        place = self._layer(step)
        before = self.spans.get(place)
        self.spans[place] = Span(begin=before.begin if before else begin, end=now)
        self.actions += step.operation != "refresh"
        thing = layers.what(step.urn, step.parent)
        verb = layers.measured(step.operation) if action != "failed" else None
        if verb:
            own = f"container {place.name}" if thing.startswith("container ") else thing
            self.durations.append((f"{verb} {own}", now - begin))
        self.line(f"  {place!s:18} {thing:22} {action:22} {now - begin:6.1f} s")

    def _tell_running(self) -> None:
        now = self._clock()
        if self._live:
            parts = [f"{self._doing(s)} {now - begin:.0f} s" for s, begin in self._running.values()]
            self._show(", ".join(parts) + (f": {self._said}" if parts and self._said else ""))
            return
        for step, begin in self._running.values():
            if now - begin > UNREMARKABLE and step.urn not in self._told:
                self._told.add(step.urn)
                self.line(f"  {self._doing(step)} …")

    def _doing(self, step: Step) -> str:
        return f"{self._layer(step)!s} {layers.what(step.urn, step.parent)}"

    def _show(self, text: str) -> None:
        if self._live:
            self._stream.write(f"{_CLEAR}{text[:_WIDTH]}")
            self._stream.flush()

    def _error(self, message: Message) -> None:
        text = _without_trace(message.text)
        if message.urn and layers.is_thing(message.urn):
            running = self._running.get(message.urn)
            parent = running[0].parent if running else ""
            text = f"{layers.what(message.urn, parent)}: {text}"
        if text not in self.errors:
            self.errors.append(text)

    def _layer(self, step: Step) -> Layer:
        return layers.layer(step.urn, step.parent, self._guests)


def _counts(step: Step) -> bool:
    return layers.is_thing(step.urn) and layers.action(step.operation) is not None


def _without_trace(text: str) -> str:
    """What a program's failure says: of a Python trace the last line."""
    if "Traceback (most recent call last)" not in text:
        return text
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()
