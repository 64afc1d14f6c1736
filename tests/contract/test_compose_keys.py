"""Every key of Compose's schema is taken, or refused with what to do instead."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from isolab.labfile import load

NO_KEY = "of-nobody"
JUDGE = Path(__file__).parents[1] / "judge"
PLACES = {
    "": (),
    "services.web": ("service", "container_spec", "workload_spec"),
    "services.web.deploy": ("deployment",),
    "services.web.healthcheck": ("healthcheck",),
    "networks.front": ("network",),
    "volumes.data": ("volume",),
    "secrets.token": ("secret",),
    "configs.page": ("config",),
}
"""Where a mapping stands in a lab file, and what it is called in the schema."""
WITHIN = ("build", "volumes", "ports", "networks", "secrets", "configs", "depends_on", "logging")
"""Keys of a service that have a mapping in their long form."""
LISTS = ("volumes", "ports", "secrets", "configs")


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not on this machine, which brings Compose's schema")
    module = "github.com/compose-spec/compose-go/v2"
    command = [go, "mod", "download", "-json", module]
    done = subprocess.run(command, cwd=JUDGE, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("compose-go cannot be downloaded here")
    folder = Path(json.loads(done.stdout)["Dir"])
    return json.loads((folder / "schema" / "compose-spec.json").read_text())


@pytest.mark.parametrize("place", PLACES)
def test_every_key_is_taken_or_refused_with_a_reason(
    schema: dict[str, Any], place: str, tmp_path: Path
) -> None:
    parts = [schema["$defs"][name] for name in PLACES[place]] or [schema]
    keys = {key for part in parts for key in part.get("properties", ())}
    assert keys
    # A service that extends nothing is not read any further.
    keys -= {"extends"}
    file = tmp_path / "lab.yaml"
    lab: dict[str, Any] = {}
    inner = lab
    for step in filter(None, place.split(".")):
        inner = inner.setdefault(step, {})
    inner |= dict.fromkeys({*keys, NO_KEY})
    file.write_text(json.dumps(lab))
    each_has_a_reason(file)


def mapping(schema: Any, shape: Any) -> dict[str, Any]:
    """The keys of the first mapping with known keys in a shape."""
    match shape:
        case {"$ref": str(name)}:
            return mapping(schema, schema["$defs"][name.rsplit("/", 1)[-1]])
        case {"properties": keys}:
            return keys
        case dict():
            found = (mapping(schema, below) for below in shape.values())
        case list():
            found = (mapping(schema, below) for below in shape)
        case _:
            return {}
    return next(filter(None, found), {})


@pytest.mark.parametrize("key", WITHIN)
def test_every_key_of_a_long_form_is_taken_or_refused_with_a_reason(
    schema: dict[str, Any], key: str, tmp_path: Path
) -> None:
    service = {}
    for part in PLACES["services.web"]:
        service |= schema["$defs"][part].get("properties", {})
    keys = mapping(schema, service[key])
    assert keys
    value: Any = dict.fromkeys({*keys, NO_KEY})
    if key in LISTS:
        value = [value]
    elif key in ("networks", "depends_on"):
        value = {"other": value}
    file = tmp_path / "lab.yaml"
    file.write_text(json.dumps({"services": {"web": {"image": "a:1", key: value}}}))
    each_has_a_reason(file)


def each_has_a_reason(file: Path) -> None:
    problems = load(file, {})
    assert isinstance(problems, tuple)
    assert any(NO_KEY in problem.message for problem in problems)
    for problem in problems:
        if "that isolab supports" in problem.message and NO_KEY not in problem.message:
            assert problem.hint, problem
            assert not problem.hint.startswith(("did you mean", "known here")), problem
