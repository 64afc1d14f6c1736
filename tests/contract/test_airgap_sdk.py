"""The SDK that the language host makes of a package: what a program in Python imports."""

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pulumi
import pytest

from airgap.language import sdk

REPO = Path(__file__).parents[2]
SCHEMA = REPO / "package" / "schema.json"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    sdk.write(SCHEMA.read_text(), tmp_path / "sdk")
    return tmp_path / "sdk"


def test_each_component_has_its_inputs_outputs_and_texts(made: Path) -> None:
    tree = ast.parse((made / "pulumi_isolab" / "__init__.py").read_text())
    classes = {each.name: each for each in tree.body if isinstance(each, ast.ClassDef)}
    resources: dict[str, Any] = json.loads(SCHEMA.read_text())["resources"]
    assert {f"isolab:index:{name}" for name in classes} == resources.keys()
    for name, each in classes.items():
        schema = resources[f"isolab:index:{name}"]
        functions = {f.name: f for f in each.body if isinstance(f, ast.FunctionDef)}
        parameters = {argument.arg for argument in functions.pop("__init__").args.kwonlyargs}
        assert parameters == {sdk.python_name(key) for key in schema["inputProperties"]}
        assert functions.keys() == {sdk.python_name(key) for key in schema["properties"]}
        assert ast.get_docstring(each) == schema["description"]


class Engine(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> Any:
        self.asked[args.name] = (args.typ, dict(args.inputs))
        return "", {**args.inputs, "sshOptions": ["-i"], "address": "10.0.0.5"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        return {}


def test_a_program_makes_components_with_it(made: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        f"""
import sys
sys.path[:0] = [{str(made)!r}, {str(Path(__file__).parent)!r}, {str(REPO)!r}]
import pulumi
from test_airgap_sdk import Engine

engine = Engine()
pulumi.runtime.set_mocks(engine)
import pulumi_isolab as isolab

@pulumi.runtime.test
def check():
    guest = isolab.Guest("dns", memory="2GiB", host_ports=["3142/tcp"])
    def seen(values):
        assert values == ["10.0.0.5", ["-i"]], values
    return pulumi.Output.all(guest.address, guest.ssh_options).apply(seen)

check()
type_, inputs = engine.asked["dns"]
assert type_ == "isolab:index:Guest", type_
assert {{k: v for k, v in inputs.items() if v is not None}} == {{
    "memory": "2GiB", "hostPorts": ["3142/tcp"]
}}, inputs
"""
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_pip_installs_it_without_internet(made: Path, tmp_path: Path) -> None:
    words = ["wheel", "--no-index", "--no-deps", "-q", "-w", tmp_path / "wheels", made]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    (wheel,) = (tmp_path / "wheels").iterdir()
    assert wheel.name.startswith("pulumi_isolab-")
    names = zipfile.ZipFile(wheel).namelist()
    assert "pulumi_isolab/__init__.py" in names and "pulumi_isolab/py.typed" in names


@pytest.mark.parametrize(
    "change",
    [{"functions": {"other:index:f": {}}}, {"resources": {"other:index:R": {}}}],
    ids=["a function", "a resource"],
)
def test_what_is_no_component_is_refused_by_name(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(sdk.NoSdk, match="other:index:"):
        sdk.write(json.dumps({"name": "other", **change}), tmp_path)


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("sshOptions", "ssh_options"), ("plan", "plan"), ("from", "from_"), ("opts", "opts_"),
        ("dockerURL", "docker_url"),
    ],
)  # fmt: skip
def test_names_are_those_of_python(name: str, python: str) -> None:
    assert sdk.python_name(name) == python
