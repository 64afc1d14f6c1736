"""The tutor: a lesson on the terminal, and what the learner asks of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from isolab.cli.output import results
from isolab.draw.text import rendered
from isolab.lessons import plot, read, texts
from isolab.lessons.commands import commands
from isolab.lessons.focus import focus
from isolab.lessons.model import Claim, ClaimResult, Lesson
from isolab.lessons.picture import picture
from isolab.plan.model import Plan

SIDE_BY_SIDE = 150
"""Columns from which on text and picture stand beside each other."""
TEXT_WIDTH = 80
STYLES = {"holds": "green", "broken": "bold red", "inconclusive": "yellow", "": "dim"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """The lab that a lesson is about."""

    plan: Plan
    up: bool
    """Whether the plan is deployed, so that commands and checks find a lab."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """What a learner has before them."""

    setting: Setting
    """The learner's own lab."""
    elsewhere: Mapping[str, Setting]
    """That of each lesson which needs another."""
    lessons: tuple[Lesson, ...]
    language: str
    known: Mapping[str, results.LastResult]
    """The last results, by lesson."""

    def at(self, lesson: Lesson) -> Setting:
        """The lab that this lesson is about."""
        return self.elsewhere.get(lesson.id, self.setting)


def show(course: Course, *, whole: bool, console: Console | None = None) -> None:
    """The list, or the lessons themselves, without a conversation."""
    console = console or Console(highlight=False)
    if not whole:
        console.print(_list(course))
        return
    for lesson in course.lessons:
        console.print(_page(course, lesson, console.width))
        console.print(_answers(course, lesson))


def converse(course: Course, first: int | None, console: Console | None = None) -> None:
    """List, lesson, check, next, until the learner has enough."""
    console = console or Console(highlight=False)
    say = texts.words(course.language)
    at: int | None = first
    hints = 0
    fresh = True
    while True:
        if at is None:
            console.print(_list(course))
            answer = _ask(console, say("Number of a lesson, Enter for the next one, q to end"))
            if answer == "q":
                return
            at, hints, fresh = _chosen(course, answer, console), 0, True
            continue
        lesson = course.lessons[at]
        if fresh:
            console.print(_page(course, lesson, console.width))
        fresh = False
        answer = _ask(console, say("c check, h hint, a answers, n next, l list, q end"))
        match answer:
            case "c":
                course = _check(course, lesson, console)
            case "h" if hints < len(lesson.hints):
                console.print(f"  {lesson.hints[hints]}")
                hints += 1
            case "h":
                console.print(f"  {say('That was the last hint.')}")
            case "a":
                console.print(_answers(course, lesson))
            case "n" | "":
                at = at + 1 if at + 1 < len(course.lessons) else None
                hints, fresh = 0, True
            case "l":
                at = None
            case "q":
                return
            case _:
                at, hints, fresh = _chosen(course, answer, console), 0, True


def _ask(console: Console, words: str) -> str:
    try:
        return console.input(f"\n[bold]{words}[/] > ").strip().lower()
    except EOFError:
        return "q"


def _chosen(course: Course, answer: str, console: Console) -> int | None:
    """The lesson with that number; without one the first that does not hold yet; or a word."""
    if answer.isdigit() and 0 < int(answer) <= len(course.lessons):
        return int(answer) - 1
    if answer:
        say = texts.words(course.language)
        console.print(Text(f"  {say('There is no such lesson:')} {answer}", "yellow"))
        return None
    open_ones = (
        i for i, lesson in enumerate(course.lessons) if _verdict(course, lesson) != "holds"
    )
    return next(open_ones, 0)


def _verdict(course: Course, lesson: Lesson) -> str:
    """The worst verdict of its last check; empty where it was never checked."""
    last = course.known.get(lesson.id)
    return last.result.verdict if last else ""


def _list(course: Course) -> RenderableType:
    say = texts.words(course.language)
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    for number, lesson in enumerate(course.lessons, 1):
        verdict = _verdict(course, lesson)
        mark, style = results.MARKS[verdict], STYLES[verdict]
        elsewhere = f"./lab up {lesson.stack}" if lesson.id in course.elsewhere else ""
        table.add_row(f"{number:2}", Text(mark, style), lesson.title, Text(elsewhere, "dim"))
    held = sum(_verdict(course, lesson) == "holds" for lesson in course.lessons)
    state = "" if course.setting.up else f"\n{_not_up(say, course.setting)}"
    head = Text(f"\n{say('What each layer isolates')}  ", style="bold")
    head.append(f"{held}/{len(course.lessons)}", style="green")
    return Group(head, table, Text(state, style="yellow"))


def _page(course: Course, lesson: Lesson, width: int) -> RenderableType:
    say = texts.words(course.language)
    plan = course.at(lesson).plan
    drawn = rendered(picture(plan, course.language, focus(lesson, plan)))
    told = Group(
        Text(lesson.shows, style="italic"),
        Text(),
        Markdown(lesson.text),
        *([Text(f"\n{lesson.why} ./lab up {lesson.stack}", style="yellow")] if lesson.why else []),
    )
    if width >= SIDE_BY_SIDE:
        body = Table.grid(padding=(0, 3))
        body.add_column(width=width - TEXT_WIDTH - 8)
        body.add_column(width=TEXT_WIDTH)
        body.add_row(told, drawn)
    else:
        body = Group(Padding(told, (0, 0, 1, 0), expand=False), drawn)
    number = [known.id for known in read.catalogue()].index(lesson.id) + 1
    return Group(
        Panel(Text(f"{number}. {lesson.title}", style="bold"), expand=True),
        body,
        Text(f"\n{say('Try it')}", style="bold"),
        *_tries(course, lesson),
        Text(f"\n{say('What is claimed')}", style="bold"),
        *(_claim(course, lesson, claim) for claim in lesson.claims),
        Text(f"\n{say('To think about')}", style="bold"),
        *(Padding(Text(question.ask), (0, 0, 0, 2)) for question in lesson.questions),
    )


def _tries(course: Course, lesson: Lesson) -> Iterator[RenderableType]:
    """Each command on a line of its own, from the first column, so that it can be copied."""
    typed = commands(lesson, course.at(lesson).plan)
    for attempt, command in zip(lesson.tries, typed, strict=True):
        yield Text(command, style="cyan", overflow="fold", no_wrap=False)
        yield Padding(Text(attempt.expect, style="dim"), (0, 0, 0, 2))


def _claim(course: Course, lesson: Lesson, claim: Claim) -> RenderableType:
    last = course.known.get(lesson.id)
    found = next((c for c in last.result.claims if c.id == claim.id), None) if last else None
    verdict = found.verdict if found else ""
    mark, style = results.MARKS[verdict], STYLES[verdict]
    grid = Table.grid(padding=(0, 1))
    grid.add_row("", Text(mark, style), claim.claim)
    for line in plot.lines(plot.bars(claim, found.figures)) if found else ():
        grid.add_row("", "", Text(line, "cyan"))
    return grid


def _answers(course: Course, lesson: Lesson) -> RenderableType:
    grid = Table.grid(padding=(0, 0, 1, 2))
    for question in lesson.questions:
        grid.add_row(Group(Text(question.ask, style="bold"), Text(question.answer)))
    return grid


def _check(course: Course, lesson: Lesson, console: Console) -> Course:
    """The lesson's claims on the running lab; the course with what came of them."""
    from datetime import UTC, datetime

    from isolab.cli.context.engine import alone
    from isolab.cli.context.lesson_checks import check
    from isolab.cli.errors import Failure

    say = texts.words(course.language)
    setting = course.at(lesson)
    if not setting.up:
        console.print(f"  {_not_up(say, setting)}")
        return course
    try:
        with alone(setting.plan.stack, "learn"):
            (result,) = check(setting.plan, (lesson,))
    except Failure as failure:
        console.print(f"  {failure}", style="red")
        return course
    results.keep(setting.plan.stack, (result,))
    for claim in result.claims:
        console.print(result_of(say, claim))
    now = datetime.now(UTC)
    last = {**course.known, lesson.id: results.LastResult(checked=now, result=result)}
    return replace(course, known=last)


def _not_up(say: texts.Say, setting: Setting) -> str:
    return f"{say('The lab is not up yet:')} ./lab up {setting.plan.stack}"


def result_of(say: texts.Say, claim: ClaimResult) -> RenderableType:
    """What came of a claim: verdict, control, evidence."""
    mark, style = results.MARKS[claim.verdict], STYLES[claim.verdict]
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text(mark, style), Text(claim.claim, "bold"))
    if claim.control:
        grid.add_row("", Text(f"{say('control:')} {claim.control}", "dim"))
    grid.add_row("", Text(f"{say('seen:')} {claim.evidence}", "dim"))
    return grid
