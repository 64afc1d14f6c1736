"""A lab as a lesson shows it: in the learner's language, what the lesson is about highlighted."""

from collections.abc import Mapping

from isolab.draw.drawing import Drawing, State
from isolab.draw.make import drawing_of
from isolab.draw.translate import translated
from isolab.lessons import texts
from isolab.plan.model import Plan


def picture(
    plan: Plan,
    language: str,
    lit: frozenset[str] = frozenset(),
    states: Mapping[tuple[str, str], State] | None = None,
) -> Drawing:
    """The drawing of a plan.

    Args:
        plan: Of the lab.
        language: One of texts.LANGUAGES.
        lit: What is highlighted, as isolab.lessons.focus names it.
        states: What is known of boxes at this moment, by kind and name.
    """
    return translated(drawing_of(plan, focus=lit, states=states), texts.drawn(language))
