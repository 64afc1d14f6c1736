"""`./lab new`: writes a lab file, from answers or from a compose file."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, cast

from isolab import labfile, project, starter
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.labfile.names import NAME as LAB_NAME
from isolab.model import Lab, Problem
from isolab.plan.model import Surroundings
from isolab.plan.read import plan_file

NAME = "new"
HELP = "write a lab file, from answers to a few questions or from a compose file"
MOST = 50
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""What docker compose lays over one of the former, where it is beside it."""
Ask = Callable[[str], str]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the lab's name")
    parser.add_argument(
        "--from",
        dest="compose",
        type=Path,
        metavar="COMPOSE_FILE",
        help="take the services of a compose file as they are, and ask nothing",
    )
    parser.add_argument("--guests", type=int, metavar="N", help="number of guests")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where lab files go."""

    folder: Path
    root: Path
    """Compose files below are named relative to the lab file."""
    prefix: str
    """Of a lab file's path, as a reader sees it."""
    commands: str
    """What can be done with the lab file, for its first line."""

    def file(self, name: str) -> str:
        """The path of a lab's file, as a reader sees it."""
        return f"{self.prefix}{name}.yaml"


def run(arguments: argparse.Namespace) -> int:
    """Write stacks/NAME.yaml, where there is none; of an installed isolab, a project here."""
    from isolab.cli import is_checkout
    from machine.paths import REPO

    if is_checkout():
        stacks = REPO / "stacks"
        place = Place(folder=stacks, root=REPO, prefix="stacks/", commands=starter.IN_STACKS)
        name = _new(arguments, place)
        print(f"  ./lab draw {name} shows it, ./lab up {name} builds it")
        return DONE
    here = Path.cwd()
    empty = all(file.name == ".git" for file in here.iterdir())
    place = Place(folder=here, root=here, prefix="", commands=starter.IN_PROJECT)
    name = _new(arguments, place)
    if empty:
        _write_project(here, name)
    print(f"  isolab draw {name}.yaml shows it; docs/package.md of isolab says how it is built")
    return DONE


def _write_project(folder: Path, name: str) -> None:
    """The files around the lab file, in a folder that had none."""
    from isolab.cli import version

    for path, text in project.files(name, version()).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        print(f"{path} is written")


def _new(arguments: argparse.Namespace, place: Place) -> str:
    """Write the lab file; the lab's name."""
    compose: Path | None = arguments.compose
    guests: int | None = arguments.guests
    if guests is not None and not 1 <= guests <= MOST:
        raise Failure(BAD_INPUT, f"{guests} guests given, expected 1 to {MOST}", "--guests 3")
    if compose is None:
        name, text = _asked(arguments.name, guests, _terminal(), place)
    else:
        name, text = _included(compose, arguments.name, guests or 1, place)
    _write(place.folder / f"{name}.yaml", text)
    print(f"{place.file(name)} is written")
    return name


def _terminal() -> Ask:
    """Questions go to standard error, like all that is no result."""
    if not sys.stdin.isatty():
        raise Failure(
            BAD_INPUT,
            "./lab new asks questions, but standard input is not a terminal",
            "./lab new --from compose.yaml NAME asks nothing",
        )

    def ask(question: str) -> str:
        print(question, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise Failure(
                BAD_INPUT,
                "standard input ended before all questions were answered; nothing was written",
            )
        return line.strip()

    return ask


def _asked(name: str | None, guests: int | None, ask: Ask, place: Place) -> tuple[str, str]:
    """A lab's name and text, from answers; an empty answer takes what stands in brackets."""
    name = name or _answer(ask, "The lab's name", "lab", LAB_NAME, "small letters, digits, hyphens")
    _checked(name)
    count = guests or int(
        _answer(ask, "How many guests", "1", r"[1-9]|[1-4]\d|50", f"a number from 1 to {MOST}")
    )
    size = r"(?:[1-9]\d{0,2}(?:\.5)?GiB|[1-9]\d{2,5}MiB)"
    memory = _answer(ask, "Memory of each guest", "1GiB", size, "a size such as 768MiB or 2GiB")
    words = "guestbook (web and database) or page (one small server)"
    sample = _answer(ask, f"What to run: {words}", "guestbook", "guestbook|page", words)
    alike = starter.Guests(count=count, memory=memory, vcpus=1)
    text = starter.from_sample(
        name,
        place.file(name),
        cast(Literal["guestbook", "page"], sample),
        alike,
        place.commands,
    )
    return name, text


def _answer(ask: Ask, question: str, default: str, pattern: str, expected: str) -> str:
    for _ in range(5):
        answer = ask(f"{question} [{default}]: ") or default
        if re.fullmatch(pattern, answer):
            return answer
        print(f"  {answer!r} given, expected {expected}", file=sys.stderr)
    raise Failure(BAD_INPUT, f"no answer to: {question}", f"expected {expected}")


def _included(compose: Path, name: str | None, guests: int, place: Place) -> tuple[str, str]:
    """A lab's name and text around a compose file."""
    if compose.is_dir():
        compose = next((compose / n for n in COMPOSE_FILES if (compose / n).is_file()), compose)
    if not compose.is_file():
        raise Failure(BAD_INPUT, f"there is no compose file {compose}", "--from path/compose.yaml")
    name = _checked(name or _name_of(compose))
    path = compose.resolve()
    inside = path.is_relative_to(place.root)
    files = [path, *_beside(path)]
    shown = [
        _quoted(os.path.relpath(file, place.folder) if inside else str(file)) for file in files
    ]
    services = _lab(name, [str(file) for file in files]).services
    fitting = starter.fitting(services, guests)
    return name, starter.from_compose(name, place.file(name), shown, fitting, place.commands)


def _beside(compose: Path) -> tuple[Path, ...]:
    """The file that Compose lays over this one by itself."""
    there = (compose.with_name(name) for name in OVERRIDES if compose.name in COMPOSE_FILES)
    return next(((file,) for file in there if file.is_file()), ())


def _lab(name: str, paths: list[str]) -> Lab:
    """What the compose file says, in a lab that is thrown away."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.yaml"
        text = f"name: {name}\ninclude: [{{path: [{', '.join(map(_quoted, paths))}]}}]\n"
        file.write_text(text, encoding="utf-8")
        lab = labfile.load(file, os.environ)
    return lab if isinstance(lab, Lab) else _refused(lab, {})


def _name_of(compose: Path) -> str:
    """As Compose does it: the folder's name, as far as a lab can be called so."""
    words = re.findall(r"[a-z0-9]+", compose.resolve().parent.name.lower())
    return "-".join(words)[:32].strip("-") or "lab"


def _checked(name: str) -> str:
    if not re.fullmatch(LAB_NAME, name):
        hint = "small letters, digits and hyphens, at most 40"
        raise Failure(BAD_INPUT, f"{name!r} cannot be a lab's name", hint)
    return name


def _quoted(path: str) -> str:
    return path if re.fullmatch(r"[\w./-]+", path) else '"{}"'.format(path.replace('"', '\\"'))


def _write(file: Path, text: str) -> None:
    """The file, complete and valid, or nothing; one that is there stays as it is."""
    there = Failure(BAD_INPUT, f"{file} already exists", "give another NAME, or delete it first")
    if file.exists():
        raise there
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.stem}.{os.getpid()}.new")
    try:
        draft.write_text(text, encoding="utf-8")
        planned = plan_file(draft, os.environ, Surroundings(stack=file.stem))
        if isinstance(planned, tuple):
            _refused(planned, {str(draft): str(file)})
        try:
            os.link(draft, file)
        except FileExistsError as error:
            raise there from error
    finally:
        draft.unlink(missing_ok=True)


def _refused(problems: tuple[Problem, ...], names: Mapping[str, str]) -> Lab:
    for problem in problems:
        text = str(problem)
        for given, meant in names.items():
            text = text.replace(given, meant)
        print(text, file=sys.stderr)
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    raise Failure(BAD_INPUT, f"{count} in the lab file that this makes; nothing was written")
