"""Data that a change leaves behind: a volume that nobody mounts any more, a copy that was written.

Nothing removes it, and the lab has it no more: that counts as lost, and is asked for.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from isolab.diff.change import Loss, losses
from isolab.diff.compare import diff
from isolab.plan.model import HostFiles, Plan, Surroundings
from isolab.plan.read import plan_file

LAB = """\
guests: {app: {count: 2, memory: 768MiB, data: 1GiB}}
services:
  db:
    image: isolab/mariadb:1
    volumes: ["data:/var/lib/mysql", "./conf:/etc/mysql", "./ro:/ro:ro"]
volumes: {data: {}}
placement: {db: app-1}
"""


def plan(folder: Path, *edits: tuple[str, str], conf: str = "a") -> Plan:
    text = LAB
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    for name in ("conf", "ro"):
        (folder / name).mkdir(exist_ok=True)
    file = folder / "lab.yaml"
    file.write_text(text)
    there = {
        str(folder / name): HostFiles(digest=digest * 64, size=10)
        for name, digest in (("conf", conf), ("ro", conf))
    }
    planned = plan_file(file, {}, Surroundings(stack="test", host_files=there))
    assert isinstance(planned, Plan), "\n".join(map(str, planned))
    return planned


def lost(old: Plan, new: Plan) -> list[tuple[str, str]]:
    return [(loss.words, loss.because) for loss in losses(diff(old, new))]


VOLUME = "volume data on app-1, written by db-1"
COPY = "copy of conf at /etc/mysql in db-1 on app-1"
BEHIND = "it stays behind in volume data; db-1 starts empty at /var/lib/mysql"


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([("data:/var", "store:/var"), ("{data: {}}", "{store: {}}")], [(VOLUME, BEHIND)]),
        ([('"data:/var/lib/mysql", ', ""), ("volumes: {data: {}}\n", "")], [(VOLUME, BEHIND)]),
        ([("data:/var/lib/mysql", "data:/var/lib/data")], [(VOLUME, BEHIND)]),
        ([("data:/var/lib/mysql", "data:/var/lib/mysql:ro")], []),
        ([('"./conf:/etc/mysql", ', "")], [(COPY, "it stays behind on app-1; db-1 has no copy")]),
        ([("/etc/mysql", "/etc/mysql:ro")], []),
        ([('"./ro:/ro:ro"', '"data:/more"')], []),
        (
            [("db: app-1", "db: app-2")],
            [
                (VOLUME, "it stays behind on app-1; app-2 starts empty"),
                (COPY, "it stays behind on app-1; app-2 gets a fresh copy"),
            ],
        ),
    ],
)
def test_what_an_edit_leaves_behind_is_lost(
    edits: list[tuple[str, str]], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert lost(plan(tmp_path), plan(tmp_path, *edits)) == expected


def test_another_container_that_mounts_the_volume_has_the_data(tmp_path: Path) -> None:
    taken = (
        ("services:\n", "services:\n  new: {image: 'x:1', volumes: ['data:/data']}\n"),
        ('"data:/var/lib/mysql", ', ""),
        ("{db: app-1}", "{db: app-1, new: app-1}"),
    )
    assert lost(plan(tmp_path), plan(tmp_path, *taken)) == []
    elsewhere = (*taken[:2], ("{db: app-1}", "{db: app-1, new: app-2}"))
    assert lost(plan(tmp_path), plan(tmp_path, *elsewhere)) == [(VOLUME, BEHIND)]


def test_a_source_that_changes_starts_its_copies_again(tmp_path: Path) -> None:
    old = plan(tmp_path)
    fresh = "it stays behind on app-1; db-1 gets a fresh copy"
    assert lost(old, plan(tmp_path, conf="b")) == [(COPY, fresh)]
    (loss,) = losses(diff(old, plan(tmp_path, conf="b")))
    assert loss.copy == old.containers[0].copies[0].path
    unseen = plan(tmp_path, conf="")
    assert lost(old, unseen) == []


def test_copies_go_with_the_root_disk_and_volumes_with_the_data_disk(tmp_path: Path) -> None:
    old = plan(tmp_path)
    bigger = replace(old, guests=tuple(replace(g, disk=g.disk + 1) for g in old.guests))
    assert lost(old, bigger) == [(COPY, "app-1's root disk is replaced")]
    bigger = replace(old, guests=tuple(replace(g, data=2048) for g in old.guests))
    assert lost(old, bigger) == [(VOLUME, "app-1's data disk is replaced by an empty one")]
    assert lost(old, replace(old, guests=old.guests[1:])) == [
        (VOLUME, "guest app-1 is removed with its disks"),
        (COPY, "guest app-1 is removed with its disks"),
    ]


def test_a_service_that_leaves_keeps_what_it_wrote(tmp_path: Path) -> None:
    old = plan(tmp_path)
    guests = tuple(replace(guest, containers=()) for guest in old.guests)
    assert lost(old, replace(old, guests=guests)) == []


def test_a_loss_says_what_it_is() -> None:
    copy = Loss(guest="g", volume="", copy="/p", containers=("c",), because="", source="conf at /c")
    assert copy.what == "copy of conf at /c in c on g"
    assert copy.words == copy.what
