"""Which boxes of a lab's picture a lesson lights."""

from isolab.lessons.model import Lesson
from isolab.plan.model import Plan


def focus(lesson: Lesson, plan: Plan) -> frozenset[str]:
    """Names as drawings know them; `guest` is the first one, what the lab lacks is left out."""
    first = plan.guests[0].name if plan.guests else ""
    known = {"host", *(guest.name for guest in plan.guests)}
    known |= {container.service for container in plan.containers}
    words = {first if word == "guest" else word for word in lesson.focus}
    return frozenset(words & known)
