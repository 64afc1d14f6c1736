"""The reference lab's state after an up, held against the form of the official plugins' states."""

import json
import re
from collections.abc import Iterator
from typing import Any

from conftest import REPO, Lab, pulumi

RECORDS = REPO / "tests" / "engine" / "records"
IDS = {
    "libvirt:index/pool:Pool": r"[0-9a-f]{8}-[0-9a-f-]{27}",
    "libvirt:index/network:Network": r"[0-9a-f]{8}-[0-9a-f-]{27}",
    "libvirt:index/domain:Domain": r"[0-9a-f]{8}-[0-9a-f-]{27}",
    "libvirt:index/volume:Volume": r"/.+",
    "libvirt:index/cloudInitDisk:CloudInitDisk": r"/.+;[0-9a-f]{8}-[0-9a-f-]{27}",
    "docker:index/network:Network": r"[0-9a-f]{64}",
    "docker:index/container:Container": r"[0-9a-f]{64}",
    "docker:index/volume:Volume": r".+",
    "docker:index/remoteImage:RemoteImage": r"sha256:[0-9a-f]{64}.+",
    "command:local:Command": r".+[0-9a-f]{8}",
    "command:remote:Command": r".+[0-9a-f]{8}",
}
DIFFERENCES: dict[str, str] = {}
"""Where the form is another one, with the reason: `TYPE output`."""


def recorded() -> dict[str, dict[str, Any]]:
    """One official state of each type."""
    found: list[dict[str, Any]] = json.loads((RECORDS / "libvirt-state.json").read_text())
    found += json.loads((RECORDS / "docker-state.json").read_text())["up"]
    for change in json.loads((RECORDS / "command-changes.json").read_text()):
        found += change.get("state", [])
    return {each["type"]: each for each in found}


def kind(value: Any) -> str:
    """The value's make; whole numbers and others are one to the engine."""
    return "number" if type(value) in (int, float) else type(value).__name__


def form(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    """Where two values are not of the same make; what one of them leaves open tells nothing."""
    if ours in (None, [], {}) or theirs in (None, [], {}):
        return
    if isinstance(ours, dict) and "4dabf18193072939515e22adb298388d" in ours:
        return  # a secret
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in set(ours) & set(theirs):
            yield from form(ours[name], theirs[name], f"{path}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        if isinstance(ours[0], dict) and isinstance(theirs[0], dict):
            if set(ours[0]) != set(theirs[0]):
                yield f"{path}[]: {sorted(set(ours[0]) ^ set(theirs[0]))}"
        elif kind(ours[0]) != kind(theirs[0]):
            yield f"{path}[]: {kind(ours[0])}, not {kind(theirs[0])}"
    elif kind(ours) != kind(theirs):
        yield f"{path}: {kind(ours)}, not {kind(theirs)}"


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    """Where a resource's state is not what the official plugin would have written."""
    token, outputs = ours["type"], ours["outputs"]
    if not re.fullmatch(IDS[token], ours["id"]):
        yield f"{token} id: {ours['id']}"
    if token.startswith("command:"):
        wanted = {*ours["inputs"], "stdout", "stderr"}
    else:
        wanted = set(theirs["outputs"])
        if "__defaults" not in ours["inputs"]:
            yield f"{token} inputs: no __defaults"
    for name in set(outputs) ^ wanted:
        yield f"{token} {name}: {'more' if name in outputs else 'missing'}"
    for name in set(outputs) & set(theirs["outputs"]):
        yield from form(outputs[name], theirs["outputs"][name], f"{token} {name}")


def test_the_state_has_the_form_of_the_official_plugins(reference: Lab) -> None:
    done = pulumi(f"pulumi stack export --stack {reference.stack}")
    assert done.returncode == 0, done.stderr
    resources = json.loads(done.stdout)["deployment"]["resources"]
    theirs = recorded()
    mine = [
        each for each in resources if each["type"].split(":")[0] in ("libvirt", "docker", "command")
    ]
    seen = {each["type"] for each in mine}
    found = {text for each in mine for text in differences(each, theirs[each["type"]])}
    assert found == set(DIFFERENCES)
    assert {"libvirt:index/domain:Domain", "docker:index/container:Container"} <= seen
