"""The course in a browser, given what the command line knows of labs."""

import os
from collections.abc import Callable
from pathlib import Path

from isolab.cli.context import container_shell, deployed, states, tutor
from isolab.cli.context.engine import alone, say
from isolab.cli.context.lesson_checks import check
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.cli.output import results
from isolab.lessons.model import Lesson, LessonResult
from isolab.plan.model import HOST, Plan
from machine import paths
from machine.setup import xterm
from machine.steps import Unable, ensure
from webapp import server
from webapp.app import application
from webapp.course import CannotCheck, Course, Lab, Place, Progress
from webapp.guard import Access


def serve(
    learners: Callable[[], tutor.Course], port: int, *, first: str, host_terminal: bool
) -> int:
    """Serve the course on the loopback address until Ctrl-C.

    Args:
        learners: The lessons and their labs as they are at this moment.
        port: Of the loopback address; any that is free for 0.
        first: The lesson to begin with; the list where it is empty.
        host_terminal: Whether the page may open a shell on this machine.
    """
    try:
        opened = server.listening(port)
    except server.PortTaken as taken:
        raise Failure(BAD_INPUT, str(taken), "--port names another one") from taken
    files, why_not = _xterm()
    access = Access(port=opened.getsockname()[1])
    course = _course(learners, first=first, host_terminal=host_terminal)
    app = application(course, access, xterm=files, no_terminals=why_not)

    def ready() -> None:
        print(access.address, flush=True)
        say("open it in a browser on this machine; Ctrl-C ends the course and its terminals")

    try:
        server.serve(app, opened, ready)
    except KeyboardInterrupt:
        say("the course has ended")
    return DONE


def _xterm() -> tuple[Path | None, str]:
    """The folder with xterm.js; without it, why: the course goes on without terminals."""
    try:
        ensure(xterm.step(), say)
    except Unable as unable:
        say(f"terminals are missing: {unable}")
        return None, unable.message
    return xterm.folder(), ""


def _course(learners: Callable[[], tutor.Course], *, first: str, host_terminal: bool) -> Course:
    begin = learners()

    def progress() -> Progress:
        now = learners()
        return Progress(
            home=_lab(now.setting),
            elsewhere={lesson: _lab(setting) for lesson, setting in now.elsewhere.items()},
            last={lesson: last.result for lesson, last in now.known.items()},
        )

    return Course(
        lessons=begin.lessons,
        language=begin.language,
        first=first,
        progress=progress,
        check=checked,
        states=states.of,
        places=lambda plan: places(plan, host_terminal=host_terminal),
    )


def _lab(setting: tutor.Setting) -> Lab:
    return Lab(plan=setting.plan, up=setting.up)


def checked(lesson: Lesson, plan: Plan) -> LessonResult:
    """As the tutor does it: alone on the stack, and stored where the tutor finds it."""
    try:
        with alone(plan.stack, "learn"):
            (result,) = check(plan, (lesson,))
    except Failure as failure:
        raise CannotCheck(str(failure)) from failure
    results.keep(plan.stack, (result,))
    return result


def places(plan: Plan, *, host_terminal: bool) -> tuple[Place, ...]:
    """The guests and containers of a lab, this machine where it is allowed; for a terminal each."""
    host = (Place(name=HOST, kind="host", argv=_host_shell()),) if host_terminal else ()
    guests = (
        Place(
            name=guest.name,
            kind="guest",
            argv=tuple(deployed.into_guest(plan, guest).shell_argv([], terminal=True)),
        )
        for guest in plan.guests
    )
    containers = (
        Place(
            name=container.name,
            kind="container",
            service=container.service,
            argv=container_shell.argv(container.name, deployed.below(plan, container)),
        )
        for container in deployed.containers(plan)
    )
    return (*host, *guests, *containers)


def _host_shell() -> tuple[str, ...]:
    """The learner's own shell, in the repository, where a lesson's commands are typed."""
    return ("env", "--chdir", str(paths.REPO), os.environ.get("SHELL", "/bin/sh"))
