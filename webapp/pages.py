"""The pages, and the parts of them that are fetched again, in the learner's language."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from isolab.draw import svg
from isolab.draw.drawing import State
from isolab.lessons import texts
from isolab.lessons.commands import commands
from isolab.lessons.focus import focus
from isolab.lessons.model import Lesson
from isolab.lessons.pages import TEMPLATES, check_command, markdown, plotted
from isolab.lessons.picture import picture
from webapp.checks import Checks
from webapp.course import Course, Lab, Place, Progress
from webapp.typed import typed

NAMES = {"en": "English", "pt_BR": "Português"}
"""Languages as their speakers call them."""


class Pages:
    """Renders what the browser is shown.

    Args:
        course: The lessons.
        checks: Which of them are being checked.
        terminals: Why there are no terminals; empty where there are.
    """

    def __init__(self, course: Course, checks: Checks, terminals: str) -> None:
        self._checks = checks
        self._terminals = terminals
        self._lessons = {
            language: tuple(texts.translated(lesson, language) for lesson in course.lessons)
            for language in texts.LANGUAGES
        }
        folders = (Path(__file__).with_name("templates"), TEMPLATES)
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
            autoescape=True,
            undefined=StrictUndefined,
        )

    def lesson(self, language: str, id: str) -> Lesson | None:
        """A lesson in a language; None where there is no such lesson or language."""
        return next((each for each in self._lessons.get(language, ()) if each.id == id), None)

    def index(self, language: str, progress: Progress) -> str:
        """The list of lessons, with the lab."""
        verdicts = {id: result.verdict for id, result in progress.last.items()}
        return self._render(
            "course-index.html",
            language,
            lab=progress.home,
            path="",
            lessons=self._lessons[language],
            verdicts=verdicts,
            held=sum(verdicts.get(each.id) == "holds" for each in self._lessons[language]),
            elsewhere=progress.elsewhere,
            description=texts.drawn(language)(progress.home.plan.description),
            picture=drawn(progress.home, language),
        )

    def page(
        self, language: str, lesson: Lesson, progress: Progress, places: tuple[Place, ...]
    ) -> str:
        """A lesson, with the lab that it is about."""
        course = self._lessons[language]
        number = course.index(lesson)
        lab = progress.at(lesson)
        lines = commands(lesson, lab.plan)
        return self._render(
            "course-lesson.html",
            language,
            lab=lab,
            path=lesson.id,
            lesson=lesson,
            number=number + 1,
            before=course[number - 1] if number else None,
            after=course[number + 1] if number + 1 < len(course) else None,
            commands=[(line, typed(line, places)) for line in lines],
            places=places,
            no_terminals=self._terminals,
            picture=drawn(lab, language, lesson),
            **self._claims(lesson, progress),
        )

    def claims(self, language: str, lesson: Lesson, progress: Progress) -> str:
        """The lesson's claims with their verdicts."""
        return self._render(
            "course-claims.html", language, lesson=lesson, **self._claims(lesson, progress)
        )

    def _claims(self, lesson: Lesson, progress: Progress) -> dict[str, object]:
        last = progress.last.get(lesson.id)
        return {
            "check": check_command(lesson, progress.at(lesson).plan),
            "verdicts": {claim.id: claim for claim in last.claims} if last else {},
            "running": self._checks.is_running(lesson),
            "refusal": self._checks.refusal(lesson),
        }

    def _render(self, template: str, language: str, **values: object) -> str:
        return self._environment.get_template(template).render(
            say=texts.words(language),
            language=language,
            languages=NAMES,
            markdown=markdown,
            plotted=plotted,
            **values,
        )


def drawn(
    lab: Lab,
    language: str,
    lesson: Lesson | None = None,
    states: Mapping[tuple[str, str], State] | None = None,
) -> Markup:
    """The lab's drawing, with what the lesson is about highlighted."""
    lit = focus(lesson, lab.plan) if lesson else frozenset[str]()
    return Markup(svg.inline(picture(lab.plan, language, lit, states)))
