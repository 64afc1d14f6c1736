"""The check of a lesson: one at a time, in a thread; a page that is loaded again finds it."""

import asyncio

from isolab.lessons.model import Lesson
from isolab.plan.model import Plan
from webapp.course import CannotCheck, Course


class Checks:
    """What is checked at this moment, and which checks could not be made."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._running = ""
        self._refusals: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self, lesson: Lesson, plan: Plan) -> bool:
        """Begin to check a lesson; False where another check is at work."""
        if self._running:
            return False
        self._running = lesson.id
        self._refusals.pop(lesson.id, None)
        self._task = asyncio.create_task(self._check(lesson, plan))
        return True

    def is_running(self, lesson: Lesson) -> bool:
        """Whether this lesson is being checked."""
        return self._running == lesson.id

    @property
    def busy(self) -> bool:
        """Whether any is."""
        return bool(self._running)

    def refusal(self, lesson: Lesson) -> str:
        """Why the lesson's last check could not be made; empty where it was."""
        return self._refusals.get(lesson.id, "")

    async def end(self) -> None:
        """Wait for a check that is at work: it repairs what it breaks."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _check(self, lesson: Lesson, plan: Plan) -> None:
        try:
            await asyncio.to_thread(self._course.check, lesson, plan)
        except CannotCheck as cannot:
            self._refusals[lesson.id] = str(cannot)
        except Exception as error:
            self._refusals[lesson.id] = f"{type(error).__name__}: {error}"
            raise
        finally:
            self._running = ""
