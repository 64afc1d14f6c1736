"""Pairs of lab files beside the difference that is told of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from isolab.cli.commands.diff import told
from isolab.cli.output import changes
from isolab.diff.compare import diff
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

PAIRS = sorted(
    path.parent for path in (Path(__file__).parents[1] / "labs/diffs").glob("*/old.yaml")
)
DIGESTS = {f"isolab/{n}": f"sha256:{n[0] * 64}" for n in ("guestbook:1", "mariadb:1")}
Golden = Callable[[Path, str], None]


def planned(file: Path) -> Plan:
    plan = plan_file(file, {}, Surroundings(stack="lab", digests=DIGESTS))
    assert isinstance(plan, Plan), "\n".join(map(str, plan))
    return plan


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_two_lab_files_have_their_difference(pair: Path, golden: Golden) -> None:
    old, new = planned(pair / "old.yaml"), planned(pair / "new.yaml")
    found = diff(old, new)
    golden(pair / "diff.txt", "".join(f"{line}\n" for line in changes.as_text(found)))
    golden(pair / "diff.md", "\n".join(told("markdown", "lab", found, old, new)) + "\n")
    document = changes.as_json("lab", found)
    golden(pair / "diff.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
