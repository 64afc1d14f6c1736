"""The plans' diff and the engine's preview tell the same of every single change of a deployed lab.

A preview dials no guest, so that this needs one boot; most of the table is for `--all`.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import LAB, Lab
from edits import EDITS, edited

from machine import keys
from machine.deployment import config
from machine.deployment.control import StackControl

AT_ONCE = 2
SHORT = (
    "description",
    "guest memory",
    "data disk grows",
    "subnet",
    "environment changed",
    "service more",
)
"""What `./lab test` runs: each layer once."""
Document = Mapping[str, Any]


def ask(command: str, file: Path) -> Document:
    words = [LAB, command, "reference", "--to", file, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, f"./lab {command} --to {file}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def answers(
    reference: Lab, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, "Future[tuple[Document, Document]]"]]:
    """What both commands say of the edits that were selected, asked two at a time."""
    folder = tmp_path_factory.mktemp("edits")

    def both(name: str) -> tuple[Document, Document]:
        file = folder / f"{name.replace(' ', '-')}.yaml"
        file.write_text(edited(name))
        return ask("diff", file), ask("preview", file)

    selected = [
        item.callspec.params["name"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == TABLE
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(both, name) for name in selected}


def changes(document: Document) -> set[tuple[str, str, str]]:
    return {(c["layer"], c["name"], c["change"]) for c in document["changes"]}


def predicted(document: Document) -> dict[str, str]:
    """What the effects say becomes of containers."""
    return {
        effect["name"]: effect["effect"]
        for change in document["changes"]
        for effect in change["effects"]
        if effect["layer"] == "container"
    }


def operations(document: Document) -> dict[tuple[str, str], str]:
    """The engine's, by layer's name and resource."""
    return {(r["name"], r["what"]): r["operation"] for r in document["resources"]}


def of_containers(document: Document) -> dict[str, str]:
    return {
        what.removeprefix("container "): operation
        for (_, what), operation in operations(document).items()
        if what.startswith("container ")
    }


def disk_that_goes(document: Document) -> bool:
    """Whether the engine replaces or removes the disk that holds the volumes."""
    disk = operations(document).get(("app-1", "data disk"))
    return disk in ("replace", "delete")


AGREE = [name for name in EDITS if name != "libvirt"]
TABLE = "test_a_change_is_told_alike"


@pytest.mark.parametrize(
    "name",
    [name if name in SHORT else pytest.param(name, marks=pytest.mark.long) for name in AGREE],
)
def test_a_change_is_told_alike(
    name: str, answers: Mapping[str, "Future[tuple[Document, Document]]"]
) -> None:
    by_plans, by_engine = answers[name].result()
    assert changes(by_plans) == changes(by_engine)
    assert by_plans["summary"] == by_engine["summary"]
    engine = of_containers(by_engine)
    effects = predicted(by_plans)
    remade = {name for name, effect in effects.items() if effect == "recreate"}
    assert remade == {name for name, operation in engine.items() if operation == "replace"}
    gone = {name for name, effect in effects.items() if effect == "unavailable"}
    assert gone == {name for name, operation in engine.items() if operation == "delete"}
    restarted = {name for name, effect in effects.items() if effect == "restart"}
    assert not restarted & engine.keys()
    assert not restarted or operations(by_engine)["app-1", "domain"] == "replace"
    moved = any(loss["because"].startswith("it stays behind") for loss in by_plans["lost"])
    assert bool(by_plans["lost"]) == (disk_that_goes(by_engine) or moved)


def test_another_libvirt_is_refused_before_anything_is_touched(
    reference: Lab, tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.yaml"
    file.write_text(edited("libvirt"))
    for command in ("preview", "up"):
        words = [LAB, command, "--stack", "reference"]
        words += [file] if command == "up" else ["--to", file]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 2, done.stderr
        assert "qemu+unix:///system" in done.stderr
    assert json.loads(reference("diff", "--json", "reference"))["changes"] == []


def test_a_preview_of_a_lab_that_was_never_up_leaves_nothing_behind() -> None:
    stack = "never-up"
    configuration, files = config.file(stack), keys.folder(stack)
    words = [LAB, "preview", "--stack", stack, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert {change["change"] for change in json.loads(done.stdout)["changes"]} == {"create"}
    assert not configuration.exists()
    assert not files.exists()
    assert StackControl(stack).state() is None
