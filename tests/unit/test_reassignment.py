"""Who has to go before another container is made: a port is one container's at a time."""

from pathlib import Path

import pytest

from isolab.diff.compare import diff
from isolab.diff.reassignment import holders
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

LAB = """\
guests: {app: {count: 2, memory: 768MiB}}
services:
  shop: {image: isolab/guestbook:1, ports: ["9000:8000"]}
  desk: {image: isolab/guestbook:1, ports: ["9001:8000"]}
placement: {"*": app-1}
"""


def plan(folder: Path, *edits: tuple[str, str]) -> Plan:
    text = LAB
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "lab.yaml"
    file.write_text(text)
    planned = plan_file(file, {}, Surroundings(stack="s"))
    assert isinstance(planned, Plan), "\n".join(map(str, planned))
    return planned


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ((), []),
        ((("9000:8000", "9002:8000"),), []),
        ((("shop", "store"),), ["port 9000/tcp goes from shop-1 to store-1"]),
        ((("shop", "store"), ("9000", "9002")), []),
        (
            (("9000", "9005"), ("9001", "9000"), ("9005", "9001")),
            [
                "port 9000/tcp goes from shop-1 to desk-1",
                "port 9001/tcp goes from desk-1 to shop-1",
            ],
        ),
        # Another guest is another address.
        ((("shop", "store"), ('"*": app-1', '"*": app-2')), []),
        ((("shop", "store"), ('"9000', '"9000/udp'), ("9000/udp:8000", "9000:8000/udp")), []),
    ],
)
def test_who_gives_what_to_whom(
    tmp_path: Path, edits: tuple[tuple[str, str], ...], told: list[str]
) -> None:
    assert sorted(holders(plan(tmp_path), plan(tmp_path, *edits))) == told


def test_the_first_up_takes_from_nobody(tmp_path: Path) -> None:
    assert holders(None, plan(tmp_path)) == {}


def test_the_order_says_that_it_goes_first(tmp_path: Path) -> None:
    found = diff(plan(tmp_path), plan(tmp_path, ("shop", "store")))
    (gone,) = (change for change in found if change.change == "delete")
    assert gone.order == ("first shop-1 is removed: another container takes over a port",)
