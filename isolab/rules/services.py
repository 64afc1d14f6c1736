"""Rules about services on their own."""

from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from ipaddress import ip_address

from isolab.model import ENDED, GATEWAY, Lab, Problem, Service
from isolab.rules.problem import item, problem, warning

OF_THE_NETWORK = (
    "networks",
    "ports",
    "expose",
    "hostname",
    "domainname",
    "dns",
    "dns_search",
    "dns_opt",
    "extra_hosts",
)
"""Keys of what belongs to a container's network: Docker refuses them, or they have no effect."""


def nobody_waits_in_a_circle(lab: Lab) -> Iterator[Problem]:
    """Services that wait for each other never start."""
    circle = _circle(lab.services)
    if circle:
        path = ("services", circle[0], "depends_on")
        yield problem(lab, path, f"{' waits for '.join(circle)}", "leave one of them out")


def _circle(services: Iterable[Service]) -> tuple[str, ...]:
    graph = {
        s.name: sorted(s.depends_on.keys() - ({s.name} & {s.network_of}), reverse=True)
        for s in services
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        names = list(reversed(error.args[1][:-1]))
        first = names.index(min(names))
        return (*names[first:], *names[:first], names[first])
    return ()


def health_can_be_seen(lab: Lab) -> Iterator[Problem]:
    """Nobody becomes healthy without a healthcheck: whoever waits for it would wait for ever."""
    services = {service.name: service for service in lab.services}
    for service in lab.services:
        path = ("services", service.name, "depends_on")
        for index, (name, condition) in enumerate(service.depends_on.items()):
            other = services.get(name)
            if condition != "service_healthy" or other is None:
                continue
            where = (*item(lab, path, name, index), "condition")
            if other.healthcheck is None:
                yield warning(
                    lab,
                    where,
                    f"waits for {name} to be healthy, which needs a healthcheck in its image",
                    f"if the image has none, up fails: add services.{name}.healthcheck",
                )
            elif other.healthcheck.test == ("NONE",):
                yield problem(
                    lab,
                    where,
                    f"waits for {name} to be healthy, but {name} has no healthcheck",
                    f"add services.{name}.healthcheck, or use condition service_started",
                )


def published_ports_can_be_reached(lab: Lab) -> Iterator[Problem]:
    """Docker publishes nothing from networks that are internal, and does not say so."""
    internal = {network.name for network in lab.networks if network.internal}
    for service in lab.services:
        if service.ports and service.networks and internal.issuperset(service.networks):
            yield problem(
                lab,
                ("services", service.name, "ports"),
                "published, but the service has only internal networks",
                "add a network that is not internal",
            )


def ports_are_published_once(lab: Lab) -> Iterator[Problem]:
    """One port of the guest cannot lead to two of a container."""
    for service in lab.services:
        seen: dict[tuple[int, str], set[str]] = {}
        for index, port in enumerate(service.ports):
            if port.published is None:
                continue
            addresses = seen.setdefault((port.published, port.protocol), set())
            address = "" if port.host_ip == "0.0.0.0" else port.host_ip
            if address in addresses or (addresses and "" in {address, *addresses}):
                path = ("services", service.name, "ports", index)
                yield problem(lab, path, f"publishes {port.published}/{port.protocol} twice")
            addresses.add(address)


def a_container_has_one_name(lab: Lab) -> Iterator[Problem]:
    """Docker has one container of a name; a service with replicas has several containers."""
    taken: dict[str, str] = {}
    for service in lab.services:
        name, path = service.container_name, ("services", service.name, "container_name")
        if name and service.replicas > 1:
            message = f"{service.replicas} replicas cannot have one name"
            yield problem(lab, path, message, "remove it: their names are SERVICE-1, SERVICE-2 …")
        elif name and name in taken:
            yield problem(lab, path, f"{name} is also the name of the container of {taken[name]}")
        if name:
            taken.setdefault(name, service.name)


def no_network_means_none(lab: Lab) -> Iterator[Problem]:
    """A container without a network has nothing that could be published or joined."""
    for service in lab.services:
        given = {"networks": service.networks, "ports": service.ports, "expose": service.expose}
        for key, value in given.items():
            mode = service.network_mode
            if (mode == "none" and value) or (mode == "bridge" and key == "networks" and value):
                path = ("services", service.name, key)
                yield problem(
                    lab, path, f"{key} given, but network_mode is {mode}", "leave out one"
                )


def a_shared_network_is_set_up_once(lab: Lab) -> Iterator[Problem]:
    """Docker gives the container another one's network as it is, with its names and ports."""
    for service in (service for service in lab.services if service.network_of):
        for key in OF_THE_NETWORK:
            if getattr(service, key):
                yield problem(
                    lab,
                    ("services", service.name, key),
                    f"{key} given, but network_mode is {service.network_mode}",
                    f"leave it out, or move it to services.{service.network_of}",
                )


def a_network_is_shared_by_single_containers(lab: Lab) -> Iterator[Problem]:
    """Docker takes one container that runs and has a network of its own."""
    services = {service.name: service for service in lab.services}
    for service in lab.services:
        path = ("services", service.name, "network_mode")
        other = services.get(service.network_of)
        if other is service:
            yield problem(lab, path, "names itself", "name the service whose network it is to have")
        if other is None or other is service:
            continue
        for each in (other, service):
            if each.replicas > 1:
                message = f"{each.name} has {each.replicas} replicas, expected 1"
                yield problem(
                    lab, path, message, "only one container can have another one's network"
                )
        if other.network_of and other.network_of != service.name:
            message = f"{other.name} has no network of its own, but that of {other.network_of}"
            yield problem(lab, path, message, f"use network_mode: {other.network_mode}")
        if service.depends_on.get(other.name) == ENDED:
            message = f"{other.name} has ended when {service.name} starts"
            yield problem(lab, path, message, "the network is there only while its container runs")


def targets_are_mounted_once(lab: Lab) -> Iterator[Problem]:
    """Of two mounts at one place in the container, one would be hidden."""
    for service in lab.services:
        targets = Counter(
            [mount.target for mount in service.volumes]
            + [bind.target for bind in service.binds]
            + [mount.target for mount in service.guest_mounts]
            + [file.target for file in service.files]
            + [entry.partition(":")[0].rstrip("/") for entry in service.tmpfs]
        )
        for target, count in targets.items():
            if count > 1:
                path = ("services", service.name)
                yield problem(lab, path, f"mounts {count} things at {target}")


def extra_hosts_are_addresses(lab: Lab) -> Iterator[Problem]:
    """Docker writes what stands there into the container's hosts file as it is."""
    for service in lab.services:
        path = ("services", service.name, "extra_hosts")
        for index, (name, address) in enumerate(service.extra_hosts):
            try:
                _ = address == GATEWAY or ip_address(address.strip("[]"))
            except ValueError:
                yield problem(
                    lab,
                    item(lab, path, name, index),
                    f"{address!r} given for {name}, expected an IP address or {GATEWAY}",
                )
