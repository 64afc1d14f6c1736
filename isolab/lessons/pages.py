"""The course as pages that need no network: one a lesson, and a first one with the list."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from isolab.draw import draw
from isolab.draw.drawing import Drawing
from isolab.lessons import plot, texts
from isolab.lessons.commands import commands, on_stack
from isolab.lessons.focus import focus
from isolab.lessons.model import Claim, ClaimResult, Lesson, LessonResult
from isolab.lessons.picture import picture
from isolab.plan.model import Plan

INDEX = "index.html"
TEMPLATES = Path(__file__).with_name("templates")


def pages(
    lessons: Sequence[Lesson],
    plan: Plan,
    plans: Mapping[str, Plan],
    last: Mapping[str, LessonResult],
    language: str,
) -> dict[str, str]:
    """File names to pages.

    Args:
        lessons: The course, in the language of the pages.
        plan: The learner's lab, which the first page draws.
        plans: The lab that each lesson is about: its page draws it, its commands name it.
        last: The last results, by lesson.
        language: One of texts.LANGUAGES.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    shared = {
        "say": texts.words(language),
        "language": language.replace("_", "-"),
        "lessons": lessons,
        "last": last,
        "plan": plan,
        "file": file,
        "markdown": markdown,
        "plotted": plotted,
    }
    made = {
        INDEX: environment.get_template(INDEX).render(
            **shared,
            description=texts.drawn(language)(plan.description),
            picture=_svg(picture(plan, language)),
        )
    }
    template = environment.get_template("lesson.html")
    for number, lesson in enumerate(lessons):
        about = plans[lesson.id]
        verdicts = {c.id: c for c in last[lesson.id].claims} if lesson.id in last else {}
        made[file(lesson)] = template.render(
            **shared,
            lesson=lesson,
            number=number + 1,
            before=lessons[number - 1] if number else None,
            after=lessons[number + 1] if number + 1 < len(lessons) else None,
            verdicts=verdicts,
            commands=commands(lesson, about),
            check=check_command(lesson, about),
            picture=_svg(picture(about, language, focus(lesson, about))),
        )
    return made


def file(lesson: Lesson) -> str:
    """The name of a lesson's page."""
    return f"{lesson.id}.html"


def check_command(lesson: Lesson, plan: Plan) -> str:
    """What checks a lesson on a terminal."""
    return on_stack(f"./lab check {lesson.id}", plan.stack)


def _svg(drawing: Drawing) -> Markup:
    return Markup(draw(drawing, "svg"))


def plotted(claim: Claim, result: ClaimResult) -> Markup:
    """What a claim measured, as a picture."""
    return Markup(plot.svg(plot.bars(claim, result.figures)))


def markdown(text: str) -> Markup:
    """A lesson's text as HTML; tags in it stay text."""
    return Markup(MarkdownIt("commonmark", {"html": False}).render(text))
