"""Rules about clusters."""

from collections.abc import Iterator

from isolab import clusters
from isolab.model import Cluster, Lab, Problem, Service
from isolab.rules.problem import problem, unknown


def cluster_engines_exist(lab: Lab) -> Iterator[Problem]:
    """An engine is code of isolab's own."""
    known = {engine.name for engine in clusters.ENGINES}
    for cluster in lab.clusters:
        if cluster.engine not in known:
            path = ("clusters", cluster.name, "engine")
            yield unknown(lab, path, "cluster engine", cluster.engine, known)


def clustered_services_exist(lab: Lab) -> Iterator[Problem]:
    """A cluster's members are the replicas of a service, each of one cluster."""
    known = {service.name for service in lab.services}
    owners: dict[str, str] = {}
    for cluster in lab.clusters:
        path = ("clusters", cluster.name, "service")
        if cluster.service not in known:
            yield unknown(lab, path, "service", cluster.service, known)
        elif cluster.service in owners:
            yield problem(
                lab, path, f"{cluster.service} is already in cluster {owners[cluster.service]}"
            )
        owners.setdefault(cluster.service, cluster.name)


def clusters_keep_a_majority(lab: Lab) -> Iterator[Problem]:
    """Only more than half of the members go on alone: two survive no more than one does."""
    for cluster, service, engine in _whole(lab):
        if service.replicas < engine.least or service.replicas % 2 == 0:
            yield problem(
                lab,
                _replicas(lab, service),
                f"{service.replicas} replicas given, but cluster {cluster.name} needs an odd "
                f"number of at least {engine.least}",
                "when one member fails, a majority of members must remain",
            )


def clusters_keep_their_data(lab: Lab) -> Iterator[Problem]:
    """A member's data outlives its container: without it each new container is an empty member."""
    for _, service, engine in _whole(lab):
        if all(mount.target != engine.data or mount.read_only for mount in service.volumes):
            yield problem(
                lab,
                ("services", service.name, "volumes"),
                f"{service.name} is a member of a cluster, but has no volume at {engine.data}",
                f"for example volumes: [data:{engine.data}]",
            )


def _whole(lab: Lab) -> Iterator[tuple[Cluster, Service, clusters.Engine]]:
    services = {service.name: service for service in lab.services}
    for cluster in lab.clusters:
        service, engine = services.get(cluster.service), clusters.named(cluster.engine)
        if service is not None and engine is not None:
            yield cluster, service, engine


def _replicas(lab: Lab, service: Service) -> tuple[str, ...]:
    short = ("services", service.name, "scale")
    return short if short in lab.positions else ("services", service.name, "deploy", "replicas")
