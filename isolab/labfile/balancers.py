"""Balancers: what listens where, and which requests go to which service."""

from ipaddress import IPv4Address
from typing import Literal

from isolab.labfile.names import check_name
from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, Gathering, each, forms
from isolab.labfile.values.shape import Shaped, accepts, text_like
from isolab.model import BalancedRoute, Balancer

Mode = Literal["http", "tcp"]
_MODE: Reader[Mode] = scalars.choice("http", "tcp")
_BALANCER = {
    "service": "The service that all requests go to.",
    "routes": "Instead: prefixes of the URL's path, and the service that each goes to.",
    "listen": "The port it listens on, or an address with a port.",
    "port": "The service's port; needed where it has several.",
    "check": "A path that tells whether a replica is healthy; without it, a connection is enough.",
    "mode": "http or tcp; http where there is a check or there are routes.",
    "sticky": "Whether a client stays with the replica that it met first.",
    "placement": "host, or the guest that it runs on.",
}
_ROUTE = {
    "service": "The service that its requests go to.",
    "port": "The service's port; needed where it has several.",
    "check": "As the balancer's, for this route alone.",
}


def balancer(name: str, node: Node) -> Balancer:
    """One balancer. It speaks http where the file gives a check or routes, else tcp."""
    check_name(node, name, "a balancer")
    with Fields(node, _BALANCER, "a balancer") as fields:
        check = fields.get("check", _path, "")
        routes = fields.get("routes", _routes(check), ())
        mode: Mode = fields.get("mode", _MODE, "http" if check or routes else "tcp")
        fields.one_of("service", "routes", example="service: web")
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


@accepts(text_like("a port such as 8080, or 0.0.0.0:8080", r"(?:\d+\.\d+\.\d+\.\d+:)?\d+"))
def _listen(node: Node) -> tuple[str, int]:
    """8080, or "0.0.0.0:8080" for an address of its own."""
    address, colon, number = scalars.text(node).rpartition(":")
    if colon:
        try:
            IPv4Address(address)
        except ValueError:
            node.refuse(f"{node.shown} given, expected a port or an address and a port")
    value = int(number) if number.isdecimal() and len(number) < 6 else number
    return address, scalars.port(node.holding(value))


@accepts(text_like("a path such as /healthz", r"/.*"))
def _path(node: Node) -> str:
    """A path on a web server."""
    path = scalars.filled(node)
    if not path.startswith("/") or any(letter.isspace() or letter in "\"'\\#" for letter in path):
        node.refuse(f"{node.shown} given, expected a path such as /healthz")
    return path


def _routes(check: str) -> Reader[tuple[BalancedRoute, ...]]:
    """Paths to services: `/api: api`, or the long form with a port and a check of its own."""
    routes = each(lambda path, node: _route(path, node, check), names="/.*")

    def read(node: Node) -> tuple[BalancedRoute, ...]:
        with Gathering() as gathering:
            for path, value in node.mapping().items():
                gathering.read(value.holding(path), _path)
            made = gathering.read(node, routes)
        return tuple(made.values()) or node.refuse("is empty, expected paths to services", "/: web")

    return Shaped(read, routes.shape)


def _route(path: str, node: Node, check: str) -> BalancedRoute:
    def short(node: Node) -> BalancedRoute:
        return BalancedRoute(path=path, service=scalars.filled(node), check=check)

    def long(node: Node) -> BalancedRoute:
        with Fields(node, _ROUTE, "a route") as fields:
            route = BalancedRoute(
                path=path,
                service=fields.need("service", scalars.filled, "web"),
                port=fields.get("port", scalars.port, None),
                check=fields.get("check", _path, check),
            )
        return route

    return forms(text=Shaped(short, scalars.filled.shape), mapping=long)(node)
