"""Each way to lose a disk, a volume or a written copy by an edit is told before, by its name."""

import re
import struct
from pathlib import Path

import pytest

from isolab.diff.change import losses
from isolab.diff.compare import diff
from isolab.plan.model import HostFiles, Plan, Surroundings
from isolab.plan.read import plan_file

LAB = """\
guests:
  app: {count: 2, memory: 768MiB, disk: 8GiB, data: 1GiB}
  small: {memory: 512MiB, disk: 8GiB}
services:
  db:
    image: isolab/mariadb:1
    volumes: ["data:/var/lib/mysql"]
  notes:
    image: isolab/base:1
    volumes: ["notes:/notes", "./conf:/conf"]
volumes: {data: {}, notes: {}}
placement: {db: app-2, notes: small}
"""
DATA, NOTES = "volume data on app-2", "volume notes on small-1"
COPY = "copy of conf at /conf in notes-1 on small-1"
BOTH = {NOTES, COPY}
WAYS = {
    "a data disk grows": (DATA, "data: 1GiB", "data: 2GiB"),
    "a data disk shrinks": (DATA, "data: 1GiB", "data: 512MiB"),
    "a data disk goes": (DATA, ", data: 1GiB", ""),
    "a group has fewer guests": (DATA, r"(?s)count: 2(.*)app-2", r"count: 1\1app-1"),
    "a service goes to another guest": (DATA, "db: app-2", "db: app-1"),
    "a service goes to another group": (DATA, "db: app-2", "db: small"),
    "a group has another name": (DATA, r"(?s)  app: (.*)app-2", r"  web: \1web-2"),
    "another volume is mounted": (
        DATA, r'(?s)"data:/var(.*){data: {}, ', r'"other:/var\1{other: {}, ',
    ),
    "a volume is mounted no more": (DATA, '"data:/var/lib/mysql"', ""),
    "a volume is mounted elsewhere": (DATA, "data:/var/lib/mysql", "data:/elsewhere"),
    "memory takes a volume's place": (
        DATA, r'volumes: \["data:/var/lib/mysql"\]', "tmpfs: [/var/lib/mysql]",
    ),
    "a root disk without a data disk beside it grows": (
        BOTH, "(512MiB, disk:) 8GiB", r"\1 9GiB",
    ),
    "a guest has another image": (BOTH, "small: {", "small: {image: ./own.qcow2, "),
    "a guest has other packages": (
        BOTH, "small: {", "small: {cloud_init: {packages: [less]}, ",
    ),
    "a guest gets a data disk, where its volumes then are": (
        NOTES, "(512MiB, disk: 8GiB)", r"\1, data: 1GiB",
    ),
    "a guest goes": (BOTH, r"(?s)  small: [^\n]*\n(.*)notes: small", r"\1notes: app-1"),
    "a service with a copy goes to another guest": (BOTH, "notes: small", "notes: app-1"),
    "a copy is of another folder": (COPY, "./conf:/conf", "./other:/conf"),
    "a copy lies elsewhere": (COPY, "./conf:/conf", "./conf:/elsewhere"),
}  # fmt: skip


def plan(folder: Path, text: str) -> Plan:
    for name in ("conf", "other"):
        (folder / name).mkdir(exist_ok=True)
    header = struct.pack(">4sIQIIQ", b"QFI\xfb", 3, 0, 0, 16, 2**30)
    (folder / "own.qcow2").write_bytes(header.ljust(512, b"\0"))
    file = folder / "lab.yaml"
    file.write_text(text)
    there = {
        str(folder / name): HostFiles(digest=name[0] * 64, size=10) for name in ("conf", "other")
    }
    planned = plan_file(file, {}, Surroundings(stack="test", host_files=there))
    assert isinstance(planned, Plan), "\n".join(map(str, planned))
    return planned


@pytest.mark.parametrize("way", WAYS)
def test_a_way_to_lose_data_is_told(way: str, tmp_path: Path) -> None:
    expected, old, new = WAYS[way]
    edited = re.sub(old, new, LAB, count=1)
    assert edited != LAB
    lost = losses(diff(plan(tmp_path, LAB), plan(tmp_path, edited)))
    named = {loss.what for loss in lost}
    assert ({expected} if isinstance(expected, str) else expected) <= named


def test_there_are_at_least_fifteen() -> None:
    assert len(WAYS) >= 15
