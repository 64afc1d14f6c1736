"""Every resource has a role in the one table, by which it is named and told of."""

import ast
from pathlib import Path

import pytest

from isolab.cli.output import layers
from isolab.plan import roles

REPO = Path(__file__).parents[2]
MODULES = sorted((REPO / "components").glob("*.py"))
NAMED_BY_ROLE = ("libvirt.", "remote.Command", "local.Command", "run", "docker.RemoteImage")
"""What makes resources; networks, volumes and containers of services are called as in Docker."""
NO_RESOURCES = ("libvirt.Provider", "libvirt.DomainDiskArgs")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_resource_is_named_by_its_role(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        maker, name = ast.unparse(node.func), ast.unparse(node.args[0])
        if maker in NO_RESOURCES or not maker.startswith(NAMED_BY_ROLE):
            continue
        by_role = name.startswith("roles.") or name == "role.of(name, more)"
        assert by_role or name == "name", f"{module.name}:{node.lineno}: {maker}({name}"


@pytest.mark.parametrize("role", roles.ROLES, ids=lambda role: f"{role.suffix} {role.type}")
def test_a_role_is_found_by_the_name_that_it_gives(role: roles.Role) -> None:
    kind = "command:local:Command" if role.type == roles.COMMAND else role.type
    for component in role.within:
        for more in ("", "front") if role.more else ("",):
            types = f"isolab:index:Lab$isolab:index:{component}${kind}"
            found = roles.find(types, role.of("my-own-1", more))
            assert found == roles.Found(role=role, owner="my-own-1")
            urn = f"urn:pulumi:s::isolab::{types}::{role.of('my-own-1', more)}"
            assert layers.what(urn, "") == found.words


def test_a_container_may_have_any_name() -> None:
    types = (
        "isolab:index:Lab$isolab:index:Guest$isolab:index:Service$docker:index/container:Container"
    )
    for name in ("my-registry", "a-balancer", "registry-loopback"):
        assert roles.find(types, name) is None
        assert layers.what(f"urn:pulumi:s::isolab::{types}::{name}", "") == f"container {name}"
