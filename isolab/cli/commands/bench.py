"""`./lab bench`: what isolab costs beside doing the same by hand, measured in one run."""

import argparse
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict

from benchmarks import faults_table, plain_script, plan_growth, plugin_sets, scale
from benchmarks.campaign import table as campaign
from benchmarks.figures import Row
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.cli.output import document
from machine import sandbox
from machine.engine import plugins

NAME = "bench"
HELP = "measure isolab: beside a plain script or an earlier build, in faults, as labs grow"

BOTH = ("up", "reference")
"""What two sets are compared by; other labs cannot stand twice on one machine."""
AGAINST = ("plan", "scale")
"""What can be measured beside another revision; the others boot guests."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "what", nargs="?", default="up", choices=["up", "failover", "faults", "plan", "scale"]
    )
    parser.add_argument(
        "--against",
        metavar="REVISION",
        help="plan, scale: run that revision of this repository in alternation, beside this build",
    )
    parser.add_argument(
        "--guests",
        metavar="N",
        type=int,
        action="append",
        help=f"scale: a lab of so many guests; may be repeated (default: {_words(scale.GUESTS)})",
    )
    parser.add_argument(
        "--rounds",
        metavar="N",
        type=int,
        default=1,
        help="plan, scale: runs of which the median counts (default: %(default)s)",
    )
    parser.add_argument(
        "--only",
        metavar="FAULT",
        action="append",
        help="failover, faults: only this fault; may be repeated",
    )
    parser.add_argument(
        "--count",
        metavar="N",
        type=int,
        default=campaign.COUNT,
        help="faults: at how many points of a command it is interrupted (default: %(default)s)",
    )
    parser.add_argument(
        "--soak",
        metavar="N",
        type=int,
        default=0,
        help="faults: no faults, but so many times up, a change and down",
    )
    parser.add_argument(
        "--minutes",
        metavar="N",
        type=float,
        default=campaign.MINUTES,
        help="faults: begin no further fault after so long (default: %(default)s)",
    )
    parser.add_argument(
        "--lab",
        choices=plain_script.LABS,
        default=plain_script.LABS[0],
        help="up: the lab to build (default: %(default)s)",
    )
    parser.add_argument(
        "--plugins",
        choices=["official", "airgap", "both"],
        help="the set of plugins to use; both: compare the two sets (only with up)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--yes", action="store_true", help="use sudo without asking")


def run(arguments: argparse.Namespace) -> int:
    """Measure, in the sandbox, and print the rows."""
    only: list[str] = arguments.only or []
    if arguments.plugins == "both" and (arguments.what, arguments.lab) != BOTH:
        what = f"{arguments.what} of {arguments.lab} does not run on both sets at once"
        raise Failure(BAD_INPUT, what, f"--plugins both belongs to {' of '.join(BOTH)}")
    if arguments.against and arguments.what not in AGAINST:
        what = f"{arguments.what} is not measured beside a revision"
        raise Failure(BAD_INPUT, what, f"--against belongs to {' and '.join(AGAINST)}")
    rounds, against = max(1, arguments.rounds), arguments.against
    if arguments.what == "plan":
        found = plan_growth.rows(rounds, against)
        return _print(found, as_json=arguments.json, beside=against or "reading")
    if arguments.what == "scale":
        found = scale.rows(arguments.guests or scale.GUESTS, rounds, against)
        return _print(found, as_json=arguments.json, beside=against or "")
    if arguments.what == "faults":
        campaign.chosen(only)
    if not sandbox.inside():
        from machine.setup import provision

        if arguments.plugins in ("official", "both"):
            plugins.require_official()
        provision.prepare_shared(_say, yes=arguments.yes)
        words = [f"--plugins={arguments.plugins}"] if arguments.plugins else []
        words += [f"--lab={arguments.lab}", *(f"--only={fault}" for fault in only)]
        words += [f"--count={arguments.count}", f"--minutes={arguments.minutes}"]
        words += [f"--soak={arguments.soak}"]
        words += ["--json"] if arguments.json else []
        return sandbox.enter([NAME, arguments.what, *words])
    if arguments.plugins in ("official", "airgap"):
        os.environ["ISOLAB_PLUGINS"] = arguments.plugins
    if arguments.what == "failover":
        return faults_table.run(_machine(), only, as_json=arguments.json)
    if arguments.what == "faults":
        count, minutes = arguments.count, arguments.minutes
        if arguments.soak:
            return campaign.soak(_machine(), arguments.soak, minutes, as_json=arguments.json)
        return campaign.run(_machine(), only, count, minutes, as_json=arguments.json)
    if arguments.plugins == "both":
        found = plugin_sets.rows(arguments.lab)
        return _print(found, as_json=arguments.json, beside="airgap")
    return _print(plain_script.rows(arguments.lab), as_json=arguments.json)


def _machine() -> str:
    return f"{platform.system()} {platform.release()}, {os.cpu_count()} processors"


def _print(measured: Iterable[Row], *, as_json: bool, beside: str = "plain") -> int:
    if as_json:
        rows = [asdict(one) for one in measured]
        print(document.text({"machine": _machine(), "rows": rows}))
        return DONE
    print(_machine())
    for one in measured:
        other = f"{beside} {one.against:8.2f}{_spread(one.against_spread)}   " if one.ratio else ""
        ratio = f"ratio {one.ratio:5.2f}" if one.ratio else ""
        value = f"{one.value:9.2f}{_spread(one.spread)} {one.unit:4}"
        print(f"{one.what:44}{value} {other}{ratio}".rstrip(), flush=True)
    return DONE


def _spread(width: float | None) -> str:
    """How far the runs were apart."""
    return f" ({width:.2f})" if width else ""


def _words(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)
