"""`./lab learn`: the lessons, one at a time, beside the lab that they are about."""

import argparse
import sys
from pathlib import Path

from isolab.cli.context import deployed, stack
from isolab.cli.context.lesson_checks import add_arguments, fits, lessons
from isolab.cli.context.tutor import Course, Setting
from isolab.cli.errors import DONE
from isolab.cli.output import results
from isolab.lessons import texts
from isolab.lessons.model import Lesson

NAME = "learn"
HELP = "show lessons on what each layer isolates, with the running lab"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_arguments(parser, "name or number (default: a list to choose from)")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FOLDER",
        help="write the course as pages to this folder instead",
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help="serve the course to a browser on this machine, with terminals and checks",
    )
    parser.add_argument(
        "--port", type=_port, default=0, help="of the loopback address (default: any free one)"
    )
    parser.add_argument(
        "--host-terminal",
        action="store_true",
        help="let the page also open a shell on this machine, with your rights",
    )


def run(arguments: argparse.Namespace) -> int:
    """A conversation on a terminal; the plain text where there is none; or pages."""
    from isolab.cli.context import tutor

    language: str = arguments.lang or texts.language()
    if arguments.serve:
        return _serve(arguments, language)
    names = () if arguments.html else arguments.lessons
    chosen = tuple(texts.translated(lesson, language) for lesson in lessons(names))
    course = _course(stack.name(arguments), chosen, language)
    if arguments.html:
        for page in _pages(arguments.html, course):
            print(page)
        return DONE
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        tutor.show(course, whole=bool(arguments.lessons))
        return DONE
    tutor.converse(course, first=0 if arguments.lessons else None)
    return DONE


def _serve(arguments: argparse.Namespace, language: str) -> int:
    """All lessons, in a browser, from the one that was named."""
    from isolab.cli.context import course_server

    name, everything = stack.name(arguments), lessons(())
    first = lessons(arguments.lessons)[0].id if arguments.lessons else ""
    return course_server.serve(
        lambda: _course(name, everything, language),
        arguments.port,
        first=first,
        host_terminal=arguments.host_terminal,
    )


def _port(word: str) -> int:
    if not word.isdigit() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"{word!r} is no port: a number from 0 to 65535")
    return int(word)


def _course(name: str, chosen: tuple[Lesson, ...], language: str) -> Course:
    """The lessons on a stack; those that it is too small for, on the one that they name."""
    setting = _setting(name)
    elsewhere: dict[str, Setting] = {}
    known = results.known(name)
    for lesson in chosen:
        if not fits(lesson, setting.plan) and (other := _example(lesson.stack)):
            elsewhere[lesson.id] = other
            known |= {k: v for k, v in results.known(lesson.stack).items() if k == lesson.id}
    return Course(
        setting=setting, elsewhere=elsewhere, lessons=chosen, language=language, known=known
    )


def _setting(name: str) -> Setting:
    """The deployed plan; while the stack is down, the one that its lab file gives."""
    plan = deployed.find(name)
    if plan is not None:
        return Setting(plan=plan, up=True)
    return Setting(plan=stack.checked_plan(stack.target_of(name))[0], up=False)


def _example(name: str) -> Setting | None:
    """The same for a stack that the learner did not ask for; None where its file is broken."""
    plan = deployed.find(name)
    if plan is not None:
        return Setting(plan=plan, up=True)
    plan = stack.plan_to_look_at(stack.target_of(name))
    return plan and Setting(plan=plan, up=False)


def _pages(folder: Path, course: Course) -> list[Path]:
    from isolab.lessons import pages

    last = {name: entry.result for name, entry in course.known.items()}
    plans = {lesson.id: course.at(lesson).plan for lesson in course.lessons}
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    made = pages.pages(course.lessons, course.setting.plan, plans, last, course.language)
    for name, page in made.items():
        (folder / name).write_text(page, encoding="utf-8")
        written.append(folder / name)
    return written
