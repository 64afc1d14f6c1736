"""`./lab draw`: the layers of a lab as a picture."""

import argparse
import os
import sys
from pathlib import Path

from isolab.cli.context import before_after, stack
from isolab.cli.context.before_after import BeforeAfter
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.diff.compare import diff
from isolab.draw import FORMATS, draw
from isolab.draw.drawing import Drawing
from isolab.draw.make import drawing_of, drawing_of_changes
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

NAME = "draw"
HELP = "draw the layers of a lab: as text, Mermaid, DOT, SVG or a page"
DEPLOYED = ""
"""What --diff without a word compares with."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "what", nargs="?", default=stack.DEFAULT, metavar="STACK or FILE", help="what to draw"
    )
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="(default: text)")
    parser.add_argument(
        "--diff",
        nargs="?",
        const=DEPLOYED,
        metavar="STACK or FILE",
        help="draw the changes from what is deployed to the lab file, or to another one",
    )
    parser.add_argument(
        "--against",
        metavar="GIT_REV",
        help="draw the changes of the lab file since a git revision",
    )
    parser.add_argument(
        "--live", action="store_true", help="draw what is deployed, with its present state"
    )
    parser.add_argument(
        "--focus",
        action="append",
        default=[],
        metavar="NAME",
        help="highlight this; may be repeated",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write to this file, not to standard output"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw; 2 where what is to be drawn is broken or not there."""
    drawing = _drawing(arguments)
    if arguments.output:
        arguments.output.write_text(draw(drawing, arguments.format), encoding="utf-8")
        print(f"drew {drawing.title} to {arguments.output}", file=sys.stderr)
    elif arguments.format == "text" and sys.stdout.isatty():
        _show(drawing)
    else:
        print(draw(drawing, arguments.format), end="")
    return DONE


def _show(drawing: Drawing) -> None:
    from rich.console import Console

    from isolab.draw.text import rendered

    Console(highlight=False).print(rendered(drawing), soft_wrap=True)


def _drawing(arguments: argparse.Namespace) -> Drawing:
    focus = frozenset[str](arguments.focus)
    if arguments.live:
        return _live(arguments, focus)
    if arguments.diff is None and arguments.against is None:
        drawing = drawing_of(_planned(arguments.what), focus=focus)
    else:
        both = _before_after(arguments)
        from machine import keys

        found = diff(both.old, both.new, key=keys.fingerprint_key(both.stack))
        drawing = drawing_of_changes(both.old, both.new, found, focus=focus)
    return _checked(drawing, focus)


def _live(arguments: argparse.Namespace, focus: frozenset[str]) -> Drawing:
    change = arguments.diff is not None or arguments.against is not None
    if change or stack.is_path(arguments.what):
        raise Failure(
            BAD_INPUT,
            "--live draws a stack that is up, not a file or changes",
            "name a stack, without --diff and --against",
        )
    from isolab.cli.context import deployed, states

    plan = deployed.required(stack.checked(arguments.what))
    return _checked(drawing_of(plan, focus=focus, states=states.of(plan)), focus)


def _checked(drawing: Drawing, focus: frozenset[str]) -> Drawing:
    known = {word for box in drawing.walk() for word in (box.name, box.service) if word}
    if unknown := sorted(focus - known):
        raise Failure(BAD_INPUT, f"--focus: the lab has no {', '.join(unknown)}")
    return drawing


def _before_after(arguments: argparse.Namespace) -> BeforeAfter:
    """What lies before and after the change that is to be drawn."""
    what, other = arguments.what, arguments.diff
    if arguments.against is not None:
        if other:
            raise Failure(
                BAD_INPUT, "--against cannot be combined with --diff FILE", "leave one of them out"
            )
        return before_after.against(arguments.against, what)
    if other != DEPLOYED:
        return before_after.of_labs(what, other)
    if stack.is_path(what):
        raise Failure(BAD_INPUT, f"{what} is a file, and --diff without FILE needs a stack",
                      "--diff FILE compares it with another file")  # fmt: skip
    return before_after.of_stack(stack.checked(what))


def _planned(what: str) -> Plan:
    """The plan of a lab file, or of the one behind a stack; files touch no machine."""
    if stack.is_path(what):
        file, around = Path(what), Surroundings(stack=Path(what).stem)
    else:
        from machine.deployment import config
        from machine.stack import lab_file, surroundings

        name = stack.checked(what)
        known = config.read(name)
        if known is None and not lab_file(name).exists():
            raise Failure(BAD_INPUT, f"there is no stack and no lab file called {name}")
        file = lab_file(stack.target_of(name).lab)
        around = surroundings(name, known.cidr if known else None)
    if not file.exists():
        raise Failure(BAD_INPUT, f"there is no lab file {file}", "name a stack or a file")
    return before_after.sound(plan_file(file, os.environ, around))
