"""`./lab class status`: how far a class is: the last checks of all stacks on this machine."""

import argparse

from isolab.cli.errors import DONE
from isolab.cli.output import document, results
from isolab.lessons import read

NAME = "status"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="one table of all stacks and lessons")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """Gather and tell."""
    from machine.deployment import config

    table = {stack: verdicts(stack) for stack in config.stacks()}
    print(document.text(_content(table)) if arguments.json else text(table))
    return DONE


def verdicts(stack: str) -> dict[str, str]:
    """The verdict of each lesson's last check in a stack; empty where it was never checked."""
    known = results.known(stack)
    return {
        lesson.id: known[lesson.id].result.verdict if lesson.id in known else ""
        for lesson in read.catalogue()
    }


def text(table: dict[str, dict[str, str]]) -> str:
    """A line a stack, a column a lesson."""
    if not table:
        return "there is no stack on this machine; ./lab up creates one"
    width = max(map(len, table))
    numbers = " ".join(f"{number:2}" for number in range(1, len(read.catalogue()) + 1))
    lines = [f"{'':{width}}  {numbers}   holds"]
    for stack, found in sorted(table.items()):
        marks = " ".join(f" {results.MARKS[verdict]}" for verdict in found.values())
        held = sum(verdict == "holds" for verdict in found.values())
        lines.append(f"{stack:{width}}  {marks}   {held}/{len(found)}")
    lines.append("")
    lines.append("✓ holds  ✗ broken  ? inconclusive  · not checked")
    return "\n".join(lines)


def _content(table: dict[str, dict[str, str]]) -> dict[str, object]:
    return {
        "stacks": [
            {
                "stack": stack,
                "lessons": [{"id": id, "verdict": verdict} for id, verdict in found.items()],
            }
            for stack, found in sorted(table.items())
        ]
    }
