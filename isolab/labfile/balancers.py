"""Balancers: what listens where, and which requests go to which service."""

from ipaddress import IPv4Address
from typing import Literal

from isolab.labfile import scalars
from isolab.labfile.node import Fields, Gathering, Node, Reader
from isolab.model import BalancedRoute, Balancer

Mode = Literal["http", "tcp"]
_MODE: Reader[Mode] = scalars.choice("http", "tcp")
_KNOWN = ("service", "routes", "listen", "port", "check", "mode", "sticky", "placement")


def balancer(name: str, node: Node) -> Balancer:
    """One balancer. It speaks http where the file gives a check or routes, else tcp."""
    scalars.check_name(node, name, "a balancer")
    with Fields(node, _KNOWN, "a balancer") as fields:
        check = fields.get("check", _path, "")
        routes = fields.get("routes", _routes(check), ())
        mode: Mode = fields.get("mode", _MODE, "http" if check or routes else "tcp")
        given = [key for key in ("service", "routes") if key in fields]
        if len(given) != 1:
            fields.add(node.problem("expected service or routes, one of them", "service: web"))
        if "routes" in fields and "port" in fields:
            fields.add(node.problem("has routes: each gives its own port", "/: {service, port}"))
        if "service" in fields:
            alone = BalancedRoute(
                path="/" if mode == "http" else "",
                service=fields.get("service", scalars.filled, ""),
                port=fields.get("port", scalars.port, None),
                check=check,
            )
            routes = (alone,)
        address, listen = fields.need("listen", _listen, "8080") or ("", 0)
        made = Balancer(
            name=name,
            mode=mode,
            listen=listen,
            address=address,
            routes=routes,
            sticky=fields.get("sticky", scalars.flag, False),
            placement=fields.get("placement", scalars.filled, "host"),
        )
    return made


def _listen(node: Node) -> tuple[str, int]:
    """8080, or "0.0.0.0:8080" for an address of its own."""
    address, colon, number = scalars.text(node).rpartition(":")
    if colon:
        try:
            IPv4Address(address)
        except ValueError:
            node.refuse(f"{node.shown} given, expected a port or an address and a port")
    value = int(number) if number.isdecimal() and len(number) < 6 else number
    return address, scalars.port(Node(path=node.path, position=node.position, value=value))


def _path(node: Node) -> str:
    """A path on a web server."""
    path = scalars.filled(node)
    if not path.startswith("/") or any(letter.isspace() or letter in "\"'\\#" for letter in path):
        node.refuse(f"{node.shown} given, expected a path such as /healthz")
    return path


def _routes(check: str) -> Reader[tuple[BalancedRoute, ...]]:
    """Paths to services: `/api: api`, or the long form with a port and a check of its own."""

    def read(node: Node) -> tuple[BalancedRoute, ...]:
        with Gathering() as gathering:
            routes = tuple(
                gathering.read(value, lambda value, path=path: _route(path, value, check))
                for path, value in node.mapping().items()
            )
        return routes or node.refuse("is empty, expected paths to services", "/: web")

    return read


def _route(path: str, node: Node, check: str) -> BalancedRoute:
    _path(Node(path=node.path, position=node.position, value=path))
    if not isinstance(node.value, dict):
        return BalancedRoute(path=path, service=scalars.filled(node), check=check)
    with Fields(node, ("service", "port", "check"), "a route") as fields:
        route = BalancedRoute(
            path=path,
            service=fields.need("service", scalars.filled, "web"),
            port=fields.get("port", scalars.port, None),
            check=fields.get("check", _path, check),
        )
    return route
