"""Clusters: which service's replicas keep their data together, and by what engine."""

from isolab.labfile.names import check_name
from isolab.labfile.syntax.node import Node
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields
from isolab.model import Cluster

_CLUSTER = {
    "engine": "What keeps the replicas' data together: galera.",
    "service": "The service whose replicas are the members; the cluster's name by default.",
}


def cluster(name: str, node: Node) -> Cluster:
    """One cluster."""
    check_name(node, name, "a cluster")
    with Fields(node, _CLUSTER, "a cluster") as fields:
        made = Cluster(
            name=name,
            engine=fields.need("engine", scalars.filled, "galera"),
            service=fields.get("service", scalars.filled, name),
        )
    return made
