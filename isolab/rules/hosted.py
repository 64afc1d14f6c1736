"""Rules about services on the host itself: what they may not mean or need there."""

from collections.abc import Iterator
from typing import Literal

from isolab import rights
from isolab.model import HOST, Lab, Placement, Problem, Service
from isolab.rules.problem import problem, warning

ANY_ADDRESS = ("", "0.0.0.0")
ON_A_GUEST = "place it on a guest"


def placement_of(lab: Lab, service: str) -> Placement | None:
    """What the lab file says of a service, by its name or for all others."""
    return lab.placement.get(service, lab.placement.get("*"))


def hosted(lab: Lab) -> tuple[Service, ...]:
    """The services that run on the host itself."""
    return tuple(
        service
        for service in lab.services
        for placement in [placement_of(lab, service.name)]
        if placement and HOST in placement.targets
    )


def the_host_stands_alone(lab: Lab) -> Iterator[Problem]:
    """Replicas on guests and beside them would not have the same network."""
    for name, placement in lab.placement.items():
        if HOST in placement.targets and len(placement.targets) > 1:
            yield problem(
                lab,
                ("placement", name),
                "a service cannot be placed on both host and guests",
                "name only the host, or only guests",
            )


def one_replica_on_the_host(lab: Lab) -> Iterator[Problem]:
    """They would all listen on the same port of the host's network."""
    for service in hosted(lab):
        if service.replicas > 1:
            yield problem(
                lab,
                ("services", service.name),
                f"{service.replicas} replicas on the host would share its network",
                "one replica there, or several on guests",
            )


def hosted_services_listen_where_they_say(lab: Lab) -> Iterator[Problem]:
    """With the host's network there is nothing that could lead one port or address to another."""
    for service in hosted(lab):
        for index, port in enumerate(service.ports):
            path = ("services", service.name, "ports", index)
            if port.published not in (None, port.target):
                yield problem(
                    lab,
                    path,
                    f"published as {port.published}, but on the host it listens on {port.target}",
                    f'"{port.target}:{port.target}", or let the program listen on {port.published}',
                )
            if port.host_ip not in ANY_ADDRESS:
                yield problem(
                    lab,
                    path,
                    f"on the host, isolab cannot restrict it to {port.host_ip}",
                    "remove the address, and configure the program to listen on it",
                )


def the_host_keeps_to_itself(lab: Lab) -> Iterator[Problem]:
    """What would have to be made on the host beside the container, or cannot hold there."""
    closed = {network.name for network in lab.networks if network.internal}
    for service in hosted(lab):
        for key, lacks in _lacking(service, closed).items():
            if lacks:
                own = ("services", service.name, key)
                path = own if own in lab.positions else ("services", service.name)
                yield problem(
                    lab,
                    path,
                    f"a service on the host has {lacks}",
                    f"leave it out, or {ON_A_GUEST}",
                )


def _lacking(service: Service, internal: set[str]) -> dict[str, str | Literal[False]]:
    """Keys to what the host has in their place, where the service uses them."""
    return {
        "volumes": bool(service.volumes or service.binds or service.guest_mounts)
        and "no volumes or bind mounts",
        "pids_limit": service.limits.pids is not None and "no limit of processes",
        "network_mode": (service.network_mode == "none" or bool(service.network_of))
        and "no network of its own",
        "container_name": bool(service.container_name)
        and "a name of the stack's, beside the user's own containers",
        "hostname": bool(service.hostname) and "the host's name",
        "sysctls": bool(service.sysctls) and "the host's kernel settings",
        **{
            key: bool(getattr(service, key)) and "nothing of the host but its network"
            for key in ("privileged", "devices", "pid", "ipc", "cgroup")
        },
        **{
            key: bool(getattr(service, key)) and "the host's name servers"
            for key in ("dns", "dns_search", "dns_opt", "domainname")
        },
        "networks": not internal.isdisjoint(service.networks) and "no internal networks",
    }


def the_hosts_network_is_no_containers(lab: Lab) -> Iterator[Problem]:
    """What runs on the host has the host's network: nobody on a guest can share it."""
    there = {service.name for service in hosted(lab)}
    for service in lab.services:
        if service.network_of in there and service.name not in there:
            yield problem(
                lab,
                ("services", service.name, "network_mode"),
                f"{service.network_of} runs on the host, and has the host's network",
                f"place {service.network_of} on a guest, or {service.name} on the host without "
                "network_mode",
            )


def balanced_and_clustered_services_are_on_guests(lab: Lab) -> Iterator[Problem]:
    """Their replicas have an address each, as guests do."""
    balanced = {route.service for balancer in lab.balancers for route in balancer.routes}
    clustered = {cluster.service for cluster in lab.clusters}
    for service in hosted(lab):
        for what, names in (("a balancer", balanced), ("a cluster", clustered)):
            if service.name in names:
                yield problem(
                    lab,
                    ("services", service.name),
                    f"it belongs to {what}, whose replicas are on guests",
                    ON_A_GUEST,
                )


def rights_on_the_host_are_trusted(lab: Lab) -> Iterator[Problem]:
    """With them, whoever wrote the lab file is root on this machine; a guest is the wall."""
    for service in hosted(lab):
        found = rights.on_the_host(
            cap_add=service.cap_add, security_opt=service.security_opt, user=service.user
        )
        for key, words in found.items():
            own = ("services", service.name, key)
            path = own if own in lab.positions else ("services", service.name)
            if lab.host.trusted:
                yield warning(lab, path, f"{service.name} gets {words}")
            else:
                yield problem(
                    lab,
                    path,
                    f"a service on the host would get {words}",
                    f"leave it out, {ON_A_GUEST}, or host: {{trusted: true}} where whoever wrote "
                    "this file may be root on this machine",
                )


def guests_wait_for_no_hosted_service(lab: Lab) -> Iterator[Problem]:
    """The host's services start behind the guests, whose services they may wait for."""
    there = {service.name for service in hosted(lab)}
    for service in lab.services:
        for name in service.depends_on:
            shared = name == service.network_of
            if name in there and service.name not in there and not shared:
                yield problem(
                    lab,
                    ("services", service.name, "depends_on"),
                    f"waits for {name}, but services on the host start behind those on guests",
                    "remove it: a service on the host can call it when it has started",
                )
