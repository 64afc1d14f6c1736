"""Nothing in an exported plan can be tried against a list of words without the stack's seed."""

import asyncio
import json
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pulumi_docker as docker
import pytest

from components.service import container_inputs
from isolab.diff.compare import diff
from isolab.plan import hidden, secrets
from isolab.plan.model import Container, Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps, loads
from machine import keys

LAB = """\
guests: {app: {memory: 768MiB}}
services:
  web:
    image: isolab/guestbook:1
    environment:
      PLAIN: colour
      DB_PASSWORD: hunter2
      DB_PASSWORD_FILE: /run/secrets/db
      STORE: mysql://me:hunter2@db/shop
      TOLD: "the word is swordfish"
    secrets: [db]
secrets: {db: {content: swordfish}}
"""
KEY = secrets.fingerprint_key("5e" * 32)


def plan(folder: Path, old: str = "", new: str = "") -> Plan:
    file = folder / "lab.yaml"
    assert old in LAB
    file.write_text(LAB.replace(old, new) if old else LAB)
    planned = plan_file(file, {}, Surroundings(stack="s"))
    assert isinstance(planned, Plan), "\n".join(map(str, planned))
    return planned


@pytest.mark.parametrize("key", [KEY, ""])
def test_no_word_of_a_list_can_be_tried_on_a_plan(tmp_path: Path, key: str) -> None:
    text = dumps(plan(tmp_path), key)
    (container,) = loads(text).containers
    places = [container.files[0].path, "DB_PASSWORD", "STORE", "TOLD", ""]
    for word in ("hunter2", "swordfish"):
        assert word not in text
        for place in places:
            assert sha256(f"{place}\0{word}".encode()).hexdigest()[:16] not in text
            assert sha256(f"{place}{word}".encode()).hexdigest()[:16] not in text
    values = dict(container.environment)
    assert (values["PLAIN"], values["DB_PASSWORD_FILE"]) == ("colour", "/run/secrets/db")
    assert all(values[name].startswith("hidden:") for name in ("DB_PASSWORD", "STORE", "TOLD"))


def test_each_stack_has_fingerprints_of_its_own(tmp_path: Path) -> None:
    other = secrets.fingerprint_key("5f" * 32)
    assert dumps(plan(tmp_path), KEY) != dumps(plan(tmp_path), other)
    assert dumps(plan(tmp_path), KEY) == dumps(plan(tmp_path), KEY)


@pytest.mark.parametrize(
    "edit", [("hunter2\n", "x\n"), ("swordfish}", "x}"), ("me:hunter2", "m:x")]
)
def test_who_has_the_key_sees_that_a_secret_changes(edit: tuple[str, str], tmp_path: Path) -> None:
    deployed = loads(dumps(plan(tmp_path), KEY))
    assert diff(deployed, plan(tmp_path), key=KEY) == ()
    assert diff(deployed, plan(tmp_path, *edit), key=KEY)
    assert diff(plan(tmp_path), plan(tmp_path, *edit))


@pytest.mark.parametrize("key", [KEY, ""])
def test_without_the_key_nothing_is_known_to_have_changed(tmp_path: Path, key: str) -> None:
    deployed = loads(dumps(plan(tmp_path), key))
    assert diff(deployed, plan(tmp_path, "hunter2", "other")) == ()
    more = diff(deployed, plan(tmp_path, "PLAIN: colour", "PLAIN: other"))
    assert [change.name for change in more] == ["web"]


def test_a_plan_from_before_there_was_a_key_is_no_change(tmp_path: Path) -> None:
    raw = json.loads(dumps(plan(tmp_path)))
    (file,) = raw["guests"][0]["containers"][0]["files"]
    digest = sha256(f"{file['path']}\0swordfish".encode()).hexdigest()
    file["content"] = f"sha256:{digest[:16]}"
    old = loads(json.dumps(raw))
    assert diff(old, plan(tmp_path), key=KEY) == ()
    assert diff(old, plan(tmp_path, "swordfish}", "x}"), key=KEY)


def test_the_key_is_retained_with_the_stacks_keys_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    assert keys.fingerprint_key("s") == ""
    keys.materialise(plan(tmp_path), "5e" * 32)
    assert keys.fingerprint_key("s") == KEY
    (file,) = keys.folder("s").glob("fingerprints")
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("MYSQL_ROOT_PASSWORD", True),
        ("PGPASSWORD", True),
        ("MYSQL_PWD", True),
        ("DB_PASS", True),
        ("SECRET_KEY_BASE", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("API_KEY", True),
        ("GITHUB_TOKEN", True),
        ("db_password", True),
        ("PWD", False),
        ("BYPASS", False),
        ("KEYBOARD", False),
        ("POSTGRES_PASSWORD_FILE", False),
        ("DB_HOST", False),
    ],
)
def test_a_name_tells_a_secret(name: str, secret: bool, tmp_path: Path) -> None:
    (container,) = plan(tmp_path).containers
    assert isinstance(container, Container)
    assert hidden.is_secret(name, "value", container) == secret
    assert not hidden.is_secret(name, "", container)


class Image(docker.RemoteImage):
    """One that has an id without an engine."""

    def __init__(self) -> None:
        pass

    @property
    def image_id(self) -> Any:
        return "sha256:" + "a" * 64


def test_a_containers_variables_are_encrypted_in_the_state_where_one_is_a_secret(
    tmp_path: Path,
) -> None:
    (container,) = plan(tmp_path).containers

    async def is_secret() -> bool:
        return await container_inputs(container, Image())["envs"].is_secret()

    # asyncio.run leaves the thread without a loop, which Pulumi's mocks want to find there.
    with closing(asyncio.new_event_loop()) as loop:
        assert loop.run_until_complete(is_secret())
    plain = replace(container, environment=(("PLAIN", "colour"),))
    assert container_inputs(plain, Image())["envs"] == ["PLAIN=colour"]
