"""The script that writes a container's files on its guest."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

from isolab import labfile
from isolab.model import Lab
from isolab.plan import secrets
from isolab.plan.guest import guestfiles
from isolab.plan.make import make_plan
from isolab.plan.model import Container, Surroundings

SEED = "5e" * 32
REFERENCE = Path(__file__).parents[2] / "stacks" / "reference.yaml"


def web() -> Container:
    lab = labfile.load(REFERENCE, {})
    assert isinstance(lab, Lab)
    plan = make_plan(lab, Surroundings(stack="test"))
    return next(c for c in plan.containers if c.service == "web")


def test_a_secret_is_derived_and_written_where_the_container_mounts_it(tmp_path: Path) -> None:
    (secret,) = web().files
    here = replace(web(), slice="", files=(replace(secret, path=f"{tmp_path}/web-1/secret"),))
    subprocess.run(
        ["sh", "-c", guestfiles.WRITE], input=guestfiles.archive(here, SEED), text=True, check=True
    )
    written = tmp_path / "web-1" / "secret"
    assert written.read_text() == secrets.password(SEED, "db_password")
    assert written.stat().st_mode & 0o777 == 0o444
    assert written.parent.stat().st_mode & 0o777 == 0o700


def test_a_pids_limit_is_a_slice_that_systemd_is_told_of_when_it_knows_it_already() -> None:
    script = guestfiles.archive(replace(web(), files=()), SEED)
    assert "isolab-web-1.slice" in script
    assert script.rstrip().endswith("$reload")


def test_a_container_without_files_needs_no_script() -> None:
    assert guestfiles.archive(replace(web(), slice="", files=()), SEED) == ""


def test_services_of_names_alike_have_slices_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    services = "a-b: {image: 'a:1', pids_limit: 10}, a.b: {image: 'a:1', pids_limit: 1000}"
    file.write_text(f"guests: {{app: {{}}}}\nservices: {{{services}}}\n")
    lab = labfile.load(file, {})
    assert isinstance(lab, Lab)
    slices = {c.slice for c in make_plan(lab, Surroundings(stack="test")).containers}
    assert slices == {"isolab-a.b-1.slice", "isolab-a:b-1.slice"}


def test_a_file_is_written_byte_for_byte_for_the_owner_that_it_has(tmp_path: Path) -> None:
    contents = {"lines": b"one\r\ntwo\r\n", "key": bytes(range(256))}
    user, group = os.getuid() or 1000, os.getgid() or 2
    for name, held in contents.items():
        (tmp_path / name).write_bytes(held)
    file = tmp_path / "lab.yaml"
    file.write_text(
        "guests: {app: {}}\n"
        "services: {web: {image: 'a:1', secrets: [lines, "
        f"{{source: key, uid: '{user}', gid: {group}}}]}}}}\n"
        "secrets: {lines: {file: lines}, key: {file: key}}\n"
    )
    lab = labfile.load(file, {})
    assert isinstance(lab, Lab)
    (container,) = make_plan(lab, Surroundings(stack="test")).containers
    here = tuple(replace(file, path=f"{tmp_path}/there/{file.name}") for file in container.files)
    script = guestfiles.archive(replace(container, files=here), SEED)
    subprocess.run(["sh", "-c", guestfiles.WRITE], input=script, text=True, check=True)
    assert {name: (tmp_path / "there" / name).read_bytes() for name in contents} == contents
    status = (tmp_path / "there" / "key").stat()
    assert (status.st_uid, status.st_gid) == (user, group)
