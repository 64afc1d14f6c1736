"""Clusters with everything decided: their members, how these and their callers reach them."""

from collections.abc import Iterator, Mapping

from isolab import clusters, model
from isolab.clusters import Engine
from isolab.model import Lab, Service
from isolab.plan.model import Cluster
from isolab.plan.network import networks
from isolab.plan.network.links import Link, ports
from isolab.plan.placement import Place

Placed = Mapping[tuple[str, int], Place]
"""Service and replica to its guest."""


def planned(lab: Lab) -> tuple[Cluster, ...]:
    """The clusters of a lab, by name."""
    return tuple(
        Cluster(
            name=cluster.name,
            engine=cluster.engine,
            service=cluster.service,
            members=tuple(f"{service.name}-{n}" for n in _numbers(service)),
        )
        for cluster, service, _ in _whole(lab)
    )


def links(lab: Lab, placed: Placed) -> tuple[Link, ...]:
    """From every member to every other, and from every caller to the members that are elsewhere.

    All under the container's own name, as Docker has it for those on the same guest: so a caller
    can name them all, and find each wherever it is.
    """
    return tuple(
        link
        for _, service, engine in _whole(lab)
        for caller in lab.services
        for link in _links(caller, service, engine, placed)
    )


def environment(
    lab: Lab, service: Service, replica: int, placed: Placed, addresses: Mapping[str, str]
) -> Mapping[str, str]:
    """What a container is told as the member of a cluster; nothing where it is none."""
    for cluster, member, engine in _whole(lab):
        if member.name == service.name:
            return engine.environment(
                clusters.Membership(
                    cluster=cluster.name,
                    name=f"{service.name}-{replica}",
                    members={
                        f"{service.name}-{n}": addresses[placed[service.name, n].name]
                        for n in _numbers(service)
                    },
                )
            )
    return {}


def _links(caller: Service, members: Service, engine: Engine, placed: Placed) -> Iterator[Link]:
    shared = set(networks.of_service(caller)) & set(networks.of_service(members))
    reached = engine.ports if caller is members else ports(members)
    apart = {placed.get((members.name, n)) for n in _numbers(members)}
    if not shared or not reached or caller.name in members.depends_on:
        return
    if len(apart) < members.replicas:
        # The plan's rules say so; ports that clash because of it would only be noise.
        return
    for one in _numbers(caller):
        for other in _numbers(members):
            here, there = placed.get((caller.name, one)), placed.get((members.name, other))
            if here and there and here != there:
                yield Link(
                    caller=(caller.name, one),
                    name=f"{members.name}-{other}",
                    callee=(members.name, other),
                    guest=there.name,
                    ports=reached,
                )


def _numbers(service: Service) -> range:
    return range(1, service.replicas + 1)


def _whole(lab: Lab) -> Iterator[tuple[model.Cluster, Service, Engine]]:
    services = {service.name: service for service in lab.services} if lab.clusters else {}
    for cluster in sorted(lab.clusters, key=lambda cluster: cluster.name):
        engine = clusters.named(cluster.engine)
        if engine is not None:
            yield cluster, services[cluster.service], engine
