"""Rules about the names that isolab itself gives on a guest: no other thing may have them."""

from collections.abc import Iterator

from isolab.model import Lab, Problem
from isolab.rules.problem import problem

OWN = "isolab-"
"""How Docker networks begin that isolab makes for itself."""


def networks_are_not_isolabs_own(lab: Lab) -> Iterator[Problem]:
    """A network of such a name would be one with that of isolab, and join what is separated."""
    for network in lab.networks:
        if network.name.startswith(OWN):
            path = ("networks", network.name)
            yield problem(lab, path, f"names that begin with {OWN} are isolab's own", "rename it")


def container_names_are_free(lab: Lab) -> Iterator[Problem]:
    """Replicas are called SERVICE-1, SERVICE-2 …, and Docker has one container of a name."""
    taken = {
        f"{service.name}-{number}": service.name
        for service in lab.services
        if not service.container_name
        for number in range(1, service.replicas + 1)
    }
    for service in lab.services:
        owner = taken.get(service.container_name)
        if owner and owner != service.name:
            path = ("services", service.name, "container_name")
            yield problem(lab, path, f"{service.container_name} is the container of {owner}")


def members_are_found_by_their_names(lab: Lab) -> Iterator[Problem]:
    """Callers find a cluster's members as SERVICE-1, SERVICE-2 …: a service would be in the way."""
    replicas = {service.name: service.replicas for service in lab.services}
    members = {
        f"{cluster.service}-{number}": cluster.name
        for cluster in lab.clusters
        for number in range(1, replicas.get(cluster.service, 0) + 1)
    }
    for name in replicas.keys() & members.keys():
        message = f"{name} is a member of the cluster {members[name]}"
        yield problem(lab, ("services", name), message, "rename the service")


def volumes_have_names_that_docker_takes(lab: Lab) -> Iterator[Problem]:
    """Compose puts the project's name before it; isolab does not, and Docker wants two letters."""
    for name in lab.volumes:
        if len(name) < 2:
            path = ("volumes", name)
            yield problem(lab, path, f"{name!r} is too short for Docker", "two characters at least")
