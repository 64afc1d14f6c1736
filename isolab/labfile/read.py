"""The whole lab file: from the root node to the lab."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from isolab.labfile import balancers, layers, scalars
from isolab.labfile.node import Fields, Node, Reader, entries
from isolab.labfile.service import service
from isolab.labfile.syntax import places
from isolab.model import Host, Lab, Secret, ServiceNetwork

KEYS = [
    "name",
    "description",
    "host",
    "network",
    "guests",
    "services",
    "networks",
    "volumes",
    "secrets",
    "configs",
    "placement",
    "balancers",
    "clusters",
    "version",
]


def lab(root: Node, file: Path, variables: Mapping[str, str]) -> Lab:
    """The lab that the file describes."""
    secret, config = _secret("secret", file, variables), _secret("config", file, variables)
    with Fields(root, KEYS, "a lab file") as fields:
        if "services" not in fields:
            fields.add(root.problem("services is missing", "a lab needs at least one service"))
        fields.get("clusters", layers.not_yet, None)
        made = Lab(
            name=fields.get("name", _name, "") or file.stem,
            file=str(file),
            description=fields.get("description", scalars.text, ""),
            host=fields.get("host", layers.host, Host()),
            cidr=fields.get("network", layers.network, None),
            guests=fields.get("guests", entries(layers.guest_group), ()),
            services=fields.get("services", entries(service), ()),
            networks=fields.get("networks", entries(_network), ()),
            volumes=fields.get("volumes", entries(_volume), ()),
            secrets=(
                *(fields.get("secrets", entries(secret), ()) or ()),
                *(fields.get("configs", entries(config), ()) or ()),
            ),
            placement=fields.get("placement", layers.placement, {}),
            balancers=fields.get("balancers", entries(balancers.balancer), ()),
            positions=dict(places(root)),
        )
    return made


def _name(node: Node) -> str:
    return scalars.check_name(node, scalars.text(node), "a lab")


def _network(name: str, node: Node) -> ServiceNetwork:
    scalars.check_compose_name(node, name, "a network")
    with Fields(node, ("internal", "driver"), "a network") as fields:
        fields.get("driver", scalars.choice("bridge"), "bridge")
        internal = fields.get("internal", scalars.flag, False)
    return ServiceNetwork(name=name, internal=internal)


def _volume(name: str, node: Node) -> str:
    scalars.check_compose_name(node, name, "a volume")
    with Fields(node, ("driver",), "a volume") as fields:
        fields.get("driver", scalars.choice("local"), "local")
    return name


def _secret(
    kind: Literal["secret", "config"], file: Path, variables: Mapping[str, str]
) -> Callable[[str, Node], Secret]:
    known = ("content", "environment", "file", "external")

    def read(name: str, node: Node) -> Secret:
        scalars.check_compose_name(node, name, f"a {kind}")
        with Fields(node, known, f"a {kind}") as fields:
            given = [key for key in known if key in fields]
            if len(given) != 1:
                fields.add(node.problem(f"expected one of {', '.join(known)}"))
            content = fields.get("content", scalars.text, None)
            content = fields.get("environment", _variable(variables), content)
            content = fields.get("file", _file(file.parent), content)
            external = fields.get("external", scalars.flag, False)
            if given == ["external"] and not external:
                fields.add(node.problem("has no content"))
            if external and kind == "config":
                fields.add(node.problem("a config cannot be external", "give content or file"))
        return Secret(name=name, kind=kind, content=content)

    return read


def _variable(variables: Mapping[str, str]) -> Reader[str]:
    def read(node: Node) -> str:
        name = scalars.filled(node)
        if name not in variables:
            node.refuse(f"the variable {name} is not set", f"set {name} in the environment")
        return variables[name]

    return read


def _file(folder: Path) -> Reader[str]:
    def read(node: Node) -> str:
        path = folder / scalars.filled(node)
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            node.refuse(f"{path} cannot be read: {error.strerror or error}")
        except ValueError:
            node.refuse(f"{path} is no text in UTF-8")

    return read
