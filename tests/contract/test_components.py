"""Every component follows the conventions of Pulumi's components."""

import ast
from pathlib import Path

import pytest

COMPONENTS = Path(__file__).parents[2] / "components"
MODULES = [f for f in sorted(COMPONENTS.glob("*.py")) if f.name != "__init__.py"]


def component(module: Path) -> ast.ClassDef:
    """The one class in a module that is a Pulumi component."""
    classes = [
        node
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.ClassDef)
        and any("ComponentResource" in ast.unparse(base) for base in node.bases)
    ]
    assert len(classes) == 1, f"{module.name}: one layer a module"
    return classes[0]


def constructor(module: Path) -> ast.FunctionDef:
    """The component's __init__."""
    return next(
        node
        for node in component(module).body
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.stem)
class TestComponent:
    def test_takes_a_name_arguments_and_options(self, module: Path) -> None:
        arguments = constructor(module).args
        names = [a.arg for a in arguments.args + arguments.kwonlyargs]
        assert names[:2] == ["self", "name"]
        assert names[-1] == "opts"

    def test_has_a_type_named_after_itself(self, module: Path) -> None:
        call = ast.unparse(constructor(module).body[0])
        assert f"'isolab:index:{component(module).name}'" in call

    def test_registers_its_outputs_last(self, module: Path) -> None:
        assert ast.unparse(constructor(module).body[-1]).startswith("self.register_outputs(")

    def test_every_resource_has_a_parent_or_options_with_one(self, module: Path) -> None:
        for node in ast.walk(constructor(module)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                made = node.func.attr[0].isupper() and owner in ("docker", "libvirt", "remote")
                if made and not node.func.attr.endswith("Args"):
                    assert any(k.arg == "opts" for k in node.keywords), ast.unparse(node)[:80]


def test_libvirt_is_known_to_the_host_and_the_guest_alone() -> None:
    users = {m.stem for m in MODULES if "pulumi_libvirt" in m.read_text()}
    assert users == {"host", "guest"}


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.stem)
def test_no_image_is_removed_while_another_container_may_run_it(module: Path) -> None:
    """Docker's provider fails where it shall remove one that is in use."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "docker.RemoteImage":
            given = {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert given.get("keep_locally") == "True"
