"""The schema takes every good lab file, and of the broken ones all whose shape is wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from isolab.cli import main
from isolab.labfile import load
from isolab.labfile.schema import schema
from isolab.labfile.syntax.loader import Loader
from isolab.model import Lab

REPO = Path(__file__).parents[2]
LABS = REPO / "tests" / "labs"
GOOD = sorted(
    [
        *(f for f in (REPO / "stacks").glob("*.yaml") if not f.name.startswith("Pulumi.")),
        *(LABS / "valid").glob("*.yaml"),
        *(LABS / "compose").glob("*.yaml"),
        *(LABS / "drawn").glob("*.yaml"),
        *(LABS / "diffs").glob("*/*.yaml"),
    ]
)
ENDLESS = "anchor-in-itself"
Golden = Callable[[Path, str], None]
BROKEN = sorted(f for f in (LABS / "invalid").glob("*.yaml") if f.stem != ENDLESS)
CHECKER = Draft202012Validator(schema())


def value(file: Path) -> object:
    """The file as an editor's YAML parser sees it: variables are words."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=Loader)


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("file", GOOD, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_good_lab_fits(file: Path) -> None:
    errors = [f"{e.json_path}: {e.message[:200]}" for e in CHECKER.iter_errors(value(file))]
    assert errors == []


@pytest.mark.slow
def test_of_the_broken_labs_those_with_a_wrong_shape_do_not_fit(golden: Golden) -> None:
    """The golden lists what a schema cannot see: files, variables, sums, what YAML passes over."""
    fitting = [file.stem for file in BROKEN if fits(file)]
    unseen = [
        stem for stem in fitting if not isinstance(load(LABS / "invalid" / f"{stem}.yaml", {}), Lab)
    ]
    golden(LABS / "broken-beyond-the-schema.txt", "".join(f"{stem}\n" for stem in unseen))


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_lab_that_breaks_only_rules_fits(file: Path) -> None:
    if isinstance(load(file, {}), Lab):
        assert fits(file)


def fits(file: Path) -> bool:
    try:
        return CHECKER.is_valid(value(file))
    except yaml.YAMLError:
        return False


def test_every_key_says_what_it_is() -> None:
    unexplained = [path for path, shape in keys(schema(), "") if not shape.get("description")]
    assert unexplained == []


def keys(shape: object, path: str) -> list[tuple[str, dict[str, object]]]:
    found = []
    if isinstance(shape, dict):
        for key, below in shape.get("properties", {}).items():
            found += [(f"{path}.{key}", below), *keys(below, f"{path}.{key}")]
        for word in ("additionalProperties", "items"):
            found += keys(shape.get(word), f"{path}.*")
        for other in shape.get("anyOf", ()):
            found += keys(other, path)
    return found


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()
