"""A balancer in somebody else's program, in front of servers that the program names."""

from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Literal, NotRequired, TypedDict

import pulumi

from components import balancer
from isolab.model import Lab
from isolab.plan import balancers
from machine import keys
from machine.host import kvm, sockets
from machine.images import service_images
from package import planned, values, way

TYPE = "isolab:index:Balancer"
ANYWHERE = "0.0.0.0"


class BalancerArgs(TypedDict):
    """What a balancer is made from."""

    listen: float
    """The port that it listens on."""
    servers: list[str]
    """Whom it sends requests to, each as `ADDRESS:PORT`."""
    registry: pulumi.Input[str]
    """host:port where its Docker finds isolab's images: a guest's `registry`; on this machine its `hostRegistry`."""  # noqa: E501
    mode: NotRequired[str]
    """`http`, the default, or `tcp`."""
    check: NotRequired[str]
    """Path that is asked whether a server is healthy, such as `/health`; the default is a TCP connection."""  # noqa: E501
    sticky: NotRequired[bool]
    """Whether a client stays with the server that it met first."""
    address: NotRequired[str]
    """Where it listens; the default is all addresses."""
    docker_host: NotRequired[pulumi.Input[str]]
    """Where its Docker is, such as `ssh://root@10.0.0.5`: a guest's `dockerHost`, or any. The default is the Docker of this machine."""  # noqa: E501
    ssh_options: NotRequired[pulumi.Input[list[str]]]
    """Options of `ssh` on the way there: a guest's `sshOptions`."""
    private_key: NotRequired[pulumi.Input[str]]
    """A key that opens the Docker's machine; secret, a guest's `privateKey`. With `dockerHost` it is needed."""  # noqa: E501
    host_key: NotRequired[pulumi.Input[str]]
    """The public key of the Docker's machine, a guest's `hostKey`; without it any is accepted for files."""  # noqa: E501


class Balancer(pulumi.ComponentResource):
    """HAProxy in front of servers, in the Docker of this machine or of another."""

    container: pulumi.Output[str]
    """The id of its container in Docker."""
    endpoint: pulumi.Output[str]
    """Where it is reached."""

    def __init__(
        self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        host = args.get("docker_host")
        if host is not None and args.get("private_key") is None:
            reason = "is missing: the configuration is written over ssh"
            raise pulumi.InputPropertyError("privateKey", reason)
        asked = _asked(name, args, on_host=host is None)
        registry = values.text(args.get("registry"), "registry")
        if not registry:
            raise pulumi.InputPropertyError("registry", "is missing")
        stack = planned.stack_name(None, pulumi.get_stack())
        around = balancers.Around(
            lab=Lab(name=name, file=""),
            stack=stack,
            gateway="",
            addresses={},
            digests=service_images.digests(),
            kvm=kvm.works(),
            files=str(keys.folder(stack) / "files"),
        )
        plan = balancers.alone(asked, around)
        if plan.container.digest is None:
            reason = f"has no {plan.container.image} on this machine: ./lab up makes it"
            raise pulumi.InputPropertyError("registry", reason)
        super().__init__(TYPE, name, None, opts)
        there: Mapping[str, Any] = {**args, "docker_host": host or sockets.DOCKER}
        dockerd = way.dockerd(self, name, there)
        connection = way.connection(there) if host is not None else None
        place = balancer.BalancerPlace(
            dockerd=dockerd, pulls_from=registry, ready=(dockerd,), connection=connection
        )
        made = balancer.Balancer(
            name,
            balancer.BalancerArgs(balancer=plan, place=place),
            pulumi.ResourceOptions(parent=self, providers=way.over_ssh(self, name, connection)),
        )
        self.container = made.container.id
        known = pulumi.Output.all(pulumi.Output.from_input(host or ""), made.container.urn)
        self.endpoint = known.apply(
            lambda all: f"{asked.mode}://{_dialled(asked.address, all[0])}:{asked.listen}"
        )


def _asked(name: str, args: BalancerArgs, *, on_host: bool) -> balancers.Alone:
    return balancers.Alone(
        name=name,
        mode=_mode(values.text(args.get("mode"), "mode") or "http"),
        address=_address(values.text(args.get("address"), "address") or ANYWHERE),
        listen=_port(values.plain(args.get("listen"), "listen"), "listen"),
        servers=_servers(values.plain(args.get("servers"), "servers")),
        check=_path(values.text(args.get("check"), "check")),
        sticky=bool(values.plain(args.get("sticky"), "sticky")),
        on_host=on_host,
    )


def _mode(given: str) -> Literal["http", "tcp"]:
    if given == "http" or given == "tcp":
        return given
    raise pulumi.InputPropertyError("mode", f"{given!r} given, expected http or tcp")


def _path(given: str) -> str:
    if given and (not given.startswith("/") or any(c.isspace() for c in given)):
        raise pulumi.InputPropertyError(
            "check", f"{given!r} given, expected a path such as /health"
        )
    return given


def _address(given: str, at: str = "address") -> str:
    try:
        return str(IPv4Address(given))
    except AddressValueError:
        reason = f"{given!r} given, expected an IPv4 address"
        raise pulumi.InputPropertyError(at, reason) from None


def _port(given: object, at: str) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 65536:
        return given
    raise pulumi.InputPropertyError(at, f"{given!r} given, expected a port from 1 to 65535")


def _servers(given: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(given, list) or not given:
        raise pulumi.InputPropertyError("servers", "is empty, expected ADDRESS:PORT")
    return tuple(_server(str(each), f"servers[{at}]") for at, each in enumerate(given))


def _server(given: str, at: str) -> tuple[str, int]:
    address, _, port = given.removeprefix("http://").partition(":")
    return _address(address, at), _port(int(port) if port.isdecimal() else port, at)


def _dialled(address: str, docker_host: str) -> str:
    return way.address(docker_host) if address == ANYWHERE else address
