"""What the web application is given: the lessons, and ways to the lab that they are about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from isolab.draw.drawing import State
from isolab.lessons.model import Lesson, LessonResult
from isolab.plan.model import Plan

Kind = Literal["host", "guest", "container"]


class CannotCheck(Exception):
    """The claims were not checked; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lab:
    """The lab that a lesson is about."""

    plan: Plan
    up: bool
    """Whether the plan is deployed, so that terminals and checks find a lab."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a terminal can be opened."""

    name: str
    """Unique in the lab: the host, a guest, or a container."""
    kind: Kind
    service: str = ""
    """A container's service."""
    argv: tuple[str, ...]
    """The host's command line that opens a shell there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """The labs as they are at this moment, and what the last checks came to."""

    home: Lab
    """The learner's own."""
    elsewhere: Mapping[str, Lab]
    """That of each lesson which needs another."""
    last: Mapping[str, LessonResult]
    """The last results, by lesson."""

    def at(self, lesson: Lesson) -> Lab:
        """The lab that this lesson is about."""
        return self.elsewhere.get(lesson.id, self.home)


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """The lessons, and what is asked about them; each function may block."""

    lessons: tuple[Lesson, ...]
    """In English."""
    language: str
    """The one that the first page is in."""
    first: str = ""
    """The lesson that is shown first; the list where none is named."""
    progress: Callable[[], Progress]
    check: Callable[[Lesson, Plan], LessonResult]
    """Checks the claims, and stores what came of them; raises CannotCheck."""
    states: Callable[[Plan], Mapping[tuple[str, str], State]]
    """Each box's state at this moment, by kind and name."""
    places: Callable[[Plan], tuple[Place, ...]]
    """Where the learner may open terminals."""
