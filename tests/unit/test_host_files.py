"""Copies of the host's files: what is in them, what is refused, how they get into a guest."""

import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from isolab import labfile
from isolab.model import BindMount, Lab
from isolab.plan.guest import guestfiles
from isolab.plan.model import Container, Surroundings
from isolab.plan.read import plan_lab
from machine import stack
from machine.host import host_files

REFERENCE = Path(__file__).parents[2] / "stacks" / "reference.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "html"
    (made / "sub").mkdir(parents=True)
    (made / "index.html").write_text("hello")
    (made / "sub" / "run").write_text("#!/bin/sh\n")
    (made / "sub" / "run").chmod(0o750)
    (made / "link").symlink_to("sub/run")
    return made


def test_the_same_content_is_the_same_archive_at_any_time(folder: Path) -> None:
    before, packed = host_files.look(folder), host_files.archive(folder)
    os.utime(folder / "index.html", (1, 1))
    assert host_files.look(folder) == before
    assert host_files.archive(folder) == packed
    assert before.size == len("hello") + len("#!/bin/sh\n")


def test_content_and_modes_are_part_of_it(folder: Path) -> None:
    digests = {host_files.look(folder).digest}
    (folder / "index.html").write_text("hallo")
    digests.add(host_files.look(folder).digest)
    (folder / "sub" / "run").chmod(0o700)
    digests.add(host_files.look(folder).digest)
    assert len(digests) == 3


def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder / "out").symlink_to("../secret")
    assert "outside the folder" in host_files.look(folder).problem
    (folder / "out").unlink()
    (folder / "out").symlink_to("/etc/passwd")
    assert "link to /etc/passwd" in host_files.look(folder).problem


def test_a_socket_is_refused(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "s"))
        assert "is a socket" in host_files.look(folder).problem


def test_too_much_is_refused(folder: Path) -> None:
    with (folder / "large").open("wb") as file:
        file.truncate(host_files.LIMIT)
    assert "more than 16 MiB" in host_files.look(folder).problem


def web(source: Path) -> Container | str:
    """The reference's web container with a bind mount; where that cannot be, the error."""
    lab = labfile.load(REFERENCE, {})
    assert isinstance(lab, Lab)
    bind = BindMount(source=str(source), target="/srv", read_only=True)
    services = tuple(replace(s, binds=(bind,)) if s.name == "web" else s for s in lab.services)
    plan = stack.plan_on_host(replace(lab, services=services), Surroundings(stack="test"))
    if isinstance(plan, tuple):
        return "\n".join(map(str, plan))
    return next(c for c in plan.containers if c.service == "web")


def test_a_guest_unpacks_the_copy_with_its_modes_and_once(folder: Path, tmp_path: Path) -> None:
    container = web(folder)
    assert isinstance(container, Container)
    (copy,) = container.copies
    there = tmp_path / "guest" / "content"
    here = replace(container, slice="", files=(), copies=(replace(copy, path=str(there)),))
    script = guestfiles.archive(here, "", {copy.digest: host_files.archive(folder)})
    for _ in range(2):
        subprocess.run(["sh", "-c", guestfiles.WRITE], input=script, text=True, check=True)
        assert (there / "index.html").read_text() == "hello"
        assert (there / "sub" / "run").stat().st_mode & 0o777 == 0o750
        assert os.readlink(there / "link") == "sub/run"
        (there / "index.html").write_text("hello")
    assert host_files.look(there).digest == copy.digest


def test_a_single_file_is_copied_too(folder: Path, tmp_path: Path) -> None:
    container = web(folder / "index.html")
    assert isinstance(container, Container)
    (copy,) = container.copies
    there = tmp_path / "guest" / "content"
    here = replace(container, slice="", files=(), copies=(replace(copy, path=str(there)),))
    packed = host_files.archive(folder / "index.html")
    script = guestfiles.archive(here, "", {copy.digest: packed})
    subprocess.run(["sh", "-c", guestfiles.WRITE], input=script, text=True, check=True)
    assert there.read_text() == "hello"


def test_another_content_lies_elsewhere_on_the_guest(folder: Path) -> None:
    before = web(folder)
    (folder / "index.html").write_text("changed")
    after = web(folder)
    assert isinstance(before, Container)
    assert isinstance(after, Container)
    assert before.copies[0].path != after.copies[0].path


def test_what_cannot_be_copied_is_a_problem_of_the_lab_file(folder: Path) -> None:
    (folder / "out").symlink_to("/etc")
    said = web(folder)
    assert isinstance(said, str)
    assert "services.web" in said
    assert "cannot be copied" in said


def test_nobody_looks_at_the_host_in_the_core(folder: Path) -> None:
    lab = labfile.load(REFERENCE, {})
    assert isinstance(lab, Lab)
    bind = BindMount(source=str(folder / "nowhere"), target="/srv")
    services = tuple(replace(s, binds=(bind,)) for s in lab.services)
    plan = plan_lab(replace(lab, services=services), Surroundings(stack="test"))
    assert not isinstance(plan, tuple)
    assert {copy.digest for c in plan.containers for copy in c.copies} == {""}


def test_what_is_not_there_is_an_empty_folder(tmp_path: Path) -> None:
    container = web(tmp_path / "nowhere")
    assert isinstance(container, Container)
    (copy,) = container.copies
    there = tmp_path / "guest" / "content"
    here = replace(container, slice="", files=(), copies=(replace(copy, path=str(there)),))
    script = guestfiles.archive(here, "", {copy.digest: host_files.archive(tmp_path / "nowhere")})
    subprocess.run(["sh", "-c", guestfiles.WRITE], input=script, text=True, check=True)
    assert there.is_dir()
    assert there.stat().st_mode & 0o777 == 0o755
