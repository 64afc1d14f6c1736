"""`./lab diff`: what the lab file changes, from plans alone: no engine, no machine."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from isolab.cli.context import before_after, outside, stack
from isolab.cli.context.before_after import BeforeAfter
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.cli.output import changes, document
from isolab.diff.change import Change
from isolab.diff.compare import diff
from isolab.plan.model import Plan

NAME = "diff"
HELP = "show what an edit of the lab file changes, with the blast radius; starts no engine"
FORMATS = ("text", "json", "markdown")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "labs",
        nargs="*",
        metavar="STACK or FILE",
        help="no argument or a stack: compare what is deployed with its lab file "
        f"(default: {stack.DEFAULT}); a file: compare what is deployed with it; two: compare them",
    )
    stack.add_option(parser)
    parser.add_argument(
        "--from",
        dest="old",
        type=Path,
        metavar="FILE",
        help="compare from this lab file, not from what is deployed",
    )
    parser.add_argument(
        "--to", dest="new", type=Path, metavar="FILE", help="use this lab file, not the stack's"
    )
    parser.add_argument(
        "--against", metavar="GIT_REV", help="compare with the lab file at a git revision"
    )
    add_formats(parser)


def add_formats(parser: argparse.ArgumentParser) -> None:
    """How the changes are told."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="short for --format json"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare what is deployed with what the lab file says now, or two labs."""
    from machine import durations, keys

    both = _before_after(arguments)
    outside.tell(both.new)
    key = keys.fingerprint_key(both.stack)
    found = diff(both.old, both.new, durations.read(kvm=both.new.kvm), key=key)
    print(*told(arguments.format, both.stack, found, both.old, both.new), sep="\n")
    return DONE


def told(
    form: str,
    name: str,
    found: Sequence[Change],
    old: Plan | None,
    new: Plan,
    more: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """The changes in one of the formats; in JSON with what else there is to say."""
    match form:
        case "json":
            yield document.text(changes.as_json(name, found) | dict(more or {}))
        case "markdown":
            from isolab.cli.output import markdown

            yield from markdown.of(name, found, _picture(old, new, found))
        case _:
            yield from changes.as_text(found)


def _picture(old: Plan | None, new: Plan, found: Sequence[Change]) -> str:
    from isolab.draw import draw
    from isolab.draw.make import drawing_of_changes

    return draw(drawing_of_changes(old, new, found), "mermaid") if found else ""


def _before_after(arguments: argparse.Namespace) -> BeforeAfter:
    """What the arguments compare."""
    labs: list[str] = arguments.labs
    given = arguments.old or arguments.new
    if len(labs) > 2:
        raise Failure(BAD_INPUT, "diff compares two labs, not more", "./lab diff OLD NEW")
    if len(labs) == 2:
        if given or arguments.against:
            raise Failure(
                BAD_INPUT,
                "--from and --to cannot be combined with two named labs",
                "leave --from and --to out",
            )
        return before_after.of_labs(labs[0], labs[1], arguments.stack)
    if arguments.against is not None:
        if given:
            message = "--against cannot be combined with --from or --to"
            raise Failure(BAD_INPUT, message, "leave one of them out")
        lab = labs[0] if labs else arguments.stack or stack.DEFAULT
        return before_after.against(arguments.against, lab, arguments.stack)
    new = arguments.new
    if labs and stack.is_path(labs[0]):
        new, labs = Path(labs[0]), []
    name = stack.checked(arguments.stack or (labs[0] if labs else stack.DEFAULT))
    if arguments.old and new:
        return before_after.of_files(name, arguments.old, new)
    return before_after.of_stack(name, old=arguments.old, new=new)
