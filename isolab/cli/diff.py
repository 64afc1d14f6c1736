"""`./lab diff`: what the lab file changes, from plans alone: no engine, no machine."""

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from isolab.architecture.change import Change
from isolab.architecture.diff import diff
from isolab.cli import changes, stack
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.plan.model import Plan, Surroundings

NAME = "diff"
HELP = "what an edit of the lab file changes, with the blast radius; starts no engine"
FORMATS = ("text", "json", "markdown")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "labs",
        nargs="*",
        metavar="STACK or FILE",
        help=f"none or a stack: what is deployed against its lab file ({stack.DEFAULT} if none is "
        "named); a file: what is deployed against that; two: one lab against the other",
    )
    stack.add_option(parser)
    parser.add_argument(
        "--from", dest="old", type=Path, metavar="FILE", help="a lab file, not what is deployed"
    )
    parser.add_argument(
        "--to", dest="new", type=Path, metavar="FILE", help="a lab file other than the stack's"
    )
    parser.add_argument(
        "--against", metavar="GIT_REV", help="the lab file as it was at a revision of git"
    )
    add_formats(parser)


def add_formats(parser: argparse.ArgumentParser) -> None:
    """How the changes are told."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="text if none is named")
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="the same as json"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare what is deployed with what the lab file says now, or two labs."""
    from machine import durations

    name, old, new = _sides(arguments)
    found = diff(old, new, durations.read(kvm=new.kvm))
    print(*told(arguments.format, name, found, old, new), sep="\n")
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
            document = changes.as_json(name, found) | dict(more or {})
            yield json.dumps(document, indent=1, ensure_ascii=False)
        case "markdown":
            from isolab.cli import markdown

            yield from markdown.of(name, found, _picture(old, new, found))
        case _:
            yield from changes.as_text(found)


def _picture(old: Plan | None, new: Plan, found: Sequence[Change]) -> str:
    from isolab.architecture.draw import draw
    from isolab.architecture.draw.make import drawing_of_changes

    return draw(drawing_of_changes(old, new, found), "mermaid") if found else ""


def _sides(arguments: argparse.Namespace) -> tuple[str, Plan | None, Plan]:
    """The stack's name, what is and what is to be."""
    labs: list[str] = arguments.labs
    files = [lab for lab in labs if stack.is_path(lab)]
    if len(labs) > 2:
        raise Failure(BAD_INPUT, "two labs can be compared, not more", "./lab diff OLD NEW")
    if len(labs) == 2:
        return _two(arguments, labs[0], labs[1])
    if arguments.against is not None:
        return _against(arguments, labs)
    if files:
        arguments.new, arguments.positional = Path(files[0]), None
    else:
        arguments.positional = labs[0] if labs else None
    name = stack.name(arguments)
    if arguments.old and arguments.new:
        around = Surroundings(stack=name)
        return name, _planned(arguments.old, around), _planned(arguments.new, around)
    return (name, *_deployed_and_now(arguments, name))


def _two(arguments: argparse.Namespace, old: str, new: str) -> tuple[str, Plan, Plan]:
    """Two labs on one stack: what differs is what their files say, not where they stand."""
    if arguments.old or arguments.new or arguments.against:
        raise Failure(BAD_INPUT, "two labs are named already", "leave the options out")
    name = arguments.stack or Path(old).stem
    name = name if stack.is_name(name) else stack.DEFAULT
    around = _around(name)
    return name, _planned(_file(old), around), _planned(_file(new), around)


def _against(arguments: argparse.Namespace, labs: Sequence[str]) -> tuple[str, Plan, Plan]:
    """A lab file at a revision, and as it is now."""
    from isolab.cli import revision

    if arguments.old or arguments.new:
        raise Failure(BAD_INPUT, "--against says what to compare with", "leave --from, --to out")
    lab = labs[0] if labs else arguments.stack or stack.DEFAULT
    file = _file(lab)
    name = arguments.stack or file.stem
    name = name if stack.is_name(name) else stack.DEFAULT
    around = _around(name)
    with revision.lab_file(file, arguments.against) as before:
        try:
            old = _planned(before, around)
        except Failure as broken:
            root = str(before).removesuffix(file.name)
            said = broken.message.replace(root, f"{arguments.against}:")
            raise Failure(broken.exit_code, said, broken.hint) from broken
    return name, old, _planned(file, around)


def _file(lab: str) -> Path:
    """A lab file by its path, its name, or the stack that it is deployed as."""
    from machine.deployment import config
    from machine.stack import lab_file

    known = None if stack.is_path(lab) else config.read(lab)
    path = lab_file((known and known.lab) or lab)
    if not path.exists():
        raise Failure(BAD_INPUT, f"there is no lab file {path}", "name a lab, a stack or a file")
    return path


def _around(name: str) -> Surroundings:
    from machine.deployment import config
    from machine.stack import surroundings

    known = config.read(name)
    return surroundings(name, known.cidr if known else None)


def _deployed_and_now(arguments: argparse.Namespace, name: str) -> tuple[Plan | None, Plan]:
    from isolab.cli import deployed
    from machine.stack import lab_file

    around = _around(name)
    if arguments.old:
        old = _planned(arguments.old, around)
    else:
        old = deployed.find(name)
        if old is not None:
            # Whether KVM works was found out at the up; looking again is for the next one.
            around = replace(around, kvm=old.kvm)
    return old, _planned(arguments.new or lab_file(stack.target(arguments).lab), around)


def _planned(file: Path, around: Surroundings) -> Plan:
    if not file.exists():
        raise Failure(BAD_INPUT, f"there is no lab file {file}", "name a lab, a stack or a file")
    from machine.stack import plan_file_on_host

    planned = plan_file_on_host(file, os.environ, around)
    if isinstance(planned, Plan):
        return planned
    raise Failure(BAD_INPUT, "\n".join(map(str, planned)))
