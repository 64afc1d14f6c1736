"""`./lab draw`: the layers of a lab as a picture."""

import argparse
import os
import sys
from pathlib import Path

from isolab.architecture.diff import diff
from isolab.architecture.draw import FORMATS, draw
from isolab.architecture.draw.drawing import Drawing
from isolab.architecture.draw.make import drawing_of, drawing_of_changes
from isolab.cli import stack
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

NAME = "draw"
HELP = "the layers of a lab as a picture: text, Mermaid, DOT, SVG or a page"
DEPLOYED = ""
"""What --diff without a word compares with."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "what", nargs="?", default=stack.DEFAULT, metavar="STACK or FILE", help="what to draw"
    )
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="text if not said")
    parser.add_argument(
        "--diff",
        nargs="?",
        const=DEPLOYED,
        metavar="STACK or FILE",
        help="draw what becomes of it: from what is deployed to the lab file, or to another one",
    )
    parser.add_argument(
        "--live", action="store_true", help="draw what is deployed, with its state at this moment"
    )
    parser.add_argument("--focus", action="append", default=[], metavar="NAME", help="highlight")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it there")


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

    from isolab.architecture.draw.text import rendered

    Console(highlight=False).print(rendered(drawing), soft_wrap=True)


def _drawing(arguments: argparse.Namespace) -> Drawing:
    focus = frozenset[str](arguments.focus)
    if arguments.live:
        return _live(arguments, focus)
    if arguments.diff is None:
        drawing = drawing_of(_planned(arguments.what), focus=focus)
    else:
        old, new = _pair(arguments.what, arguments.diff)
        drawing = drawing_of_changes(old, new, diff(old, new), focus=focus)
    return _checked(drawing, focus)


def _live(arguments: argparse.Namespace, focus: frozenset[str]) -> Drawing:
    if arguments.diff is not None or _is_file(arguments.what):
        raise Failure(BAD_INPUT, "--live draws a stack that is up", "it goes with no file or diff")
    from isolab.cli import deployed, states

    plan = deployed.required(stack.checked(arguments.what))
    return _checked(drawing_of(plan, focus=focus, states=states.of(plan)), focus)


def _checked(drawing: Drawing, focus: frozenset[str]) -> Drawing:
    known = {word for box in drawing.walk() for word in (box.name, box.service) if word}
    if unknown := sorted(focus - known):
        raise Failure(BAD_INPUT, f"--focus: the lab has no {', '.join(unknown)}")
    return drawing


def _pair(what: str, other: str) -> tuple[Plan | None, Plan]:
    if other != DEPLOYED:
        return _planned(what, stack_of=what), _planned(other, stack_of=what)
    if _is_file(what):
        raise Failure(BAD_INPUT, f"{what} is a file, which nothing was deployed from by this name",
                      "--diff FILE compares it with another one")  # fmt: skip
    from isolab.cli import deployed

    return deployed.find(stack.checked(what)), _planned(what)


def _planned(what: str, stack_of: str | None = None) -> Plan:
    """The plan of a lab file, or of the one behind a stack; files touch no machine."""
    if _is_file(what):
        file, around = Path(what), Surroundings(stack=_stack_name(stack_of or what))
    else:
        from machine.deployment import config
        from machine.stack import lab_file, surroundings

        name = stack.checked(what)
        known = config.read(name)
        if known is None and not lab_file(name).exists():
            raise Failure(BAD_INPUT, f"there is no stack and no lab file called {name}")
        file = lab_file(stack.target_of(name).lab)
        around = surroundings(_stack_name(stack_of or what), known.cidr if known else None)
    if not file.exists():
        raise Failure(BAD_INPUT, f"there is no lab file {file}", "name a stack or a file")
    planned = plan_file(file, os.environ, around)
    if isinstance(planned, Plan):
        return planned
    raise Failure(BAD_INPUT, "\n".join(map(str, planned)))


def _stack_name(what: str) -> str:
    return Path(what).stem if _is_file(what) else what


def _is_file(what: str) -> bool:
    return what.endswith((".yaml", ".yml"))
