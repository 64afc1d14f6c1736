"""Changes of the services, each with all its replicas; of balancers and clusters too."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from isolab.diff import effects, facts
from isolab.diff.actions import RECREATED
from isolab.diff.change import Change, Kind, Loss
from isolab.diff.reach import Reach
from isolab.diff.transition import ContainerTransition, place
from isolab.plan.model import Cluster, Plan


def service_changes(reach: Reach, lost: Sequence[Loss]) -> Iterator[Change]:
    """Each service that comes, goes, or is not what it was."""
    services: dict[str, list[ContainerTransition]] = defaultdict(list)
    for container in reach.transition.containers.values():
        services[container.service].append(container)
    clusters = _cluster_reasons(reach.transition.old, reach.transition.new)
    for name in sorted(services):
        replicas = sorted(services[name], key=_number)
        yield from _service(reach, name, replicas, clusters.get(name, ()), lost)


def _number(container: ContainerTransition) -> int:
    here = container.old or container.new
    return here.replica if here else 0


def _service(
    reach: Reach,
    name: str,
    replicas: Sequence[ContainerTransition],
    cluster: Sequence[str],
    lost: Sequence[Loss],
) -> Iterator[Change]:
    old = [c for c in replicas if c.old]
    new = [c for c in replicas if c.new]
    reasons: dict[str, None] = {}
    if not old:
        reasons |= dict.fromkeys(copy for c in new for copy in facts.copied(c.new))
    reasons |= dict.fromkeys(right for c in new for right in facts.gained(c.old, c.new))
    if old and new and len(old) != len(new):
        reasons[f"replicas {len(old)} -> {len(new)}"] = None
    renamed = tuple(_renamed(old, new))
    reasons |= dict.fromkeys(renamed)
    for container in replicas:
        reasons |= dict.fromkeys(container.parts.values())
    if old and new:
        reasons |= dict.fromkeys(cluster)
    if old and new and not reasons:
        return
    struck = [c for c in replicas if c.parts or (c.old and not c.new)]
    found = effects.told(reach, struck)
    yield Change(
        layer="service",
        name=name,
        change="replace" if renamed else _kind(reach, struck, comes=not old, goes=not new),
        reasons=tuple(reasons),
        effects=found,
        **effects.loss_and_data(found, lost),
    )


def _renamed(
    old: Sequence[ContainerTransition], new: Sequence[ContainerTransition]
) -> Iterator[str]:
    """Another name is another container: the lab file gives one, or the host, where names are own.

    Source: components/service.py, where a container's name is that of its resource.
    """
    gone = [c.old for c in old if c.old and not c.new]
    come = [c.new for c in new if c.new and not c.old]
    for was, is_ in zip(gone, come, strict=False):
        if was.guest != is_.guest:
            yield f"{was.name} on {place(was.guest)} -> {is_.name} on {place(is_.guest)}"
        elif was.replica == is_.replica:
            yield f"name {was.name} -> {is_.name}"


def _kind(reach: Reach, struck: Sequence[ContainerTransition], *, comes: bool, goes: bool) -> Kind:
    if comes or goes:
        return "create" if comes else "delete"
    return "replace" if any(reach.actions[c.name][0] in RECREATED for c in struck) else "update"


def _cluster_reasons(old: Plan | None, new: Plan | None) -> Mapping[str, Sequence[str]]:
    """What is new about the clusters, by the service that forms them.

    Who is a member is told by the service's replicas.
    """
    if not (old and new):
        return {}
    before = {cluster.name: cluster for cluster in old.clusters}
    after = {cluster.name: cluster for cluster in new.clusters}
    reasons: dict[str, list[str]] = defaultdict(list)
    for name in sorted(before.keys() | after.keys()):
        was, is_ = before.get(name), after.get(name)
        if was and is_:
            reasons[is_.service] += _cluster_differences(was, is_)
        else:
            cluster = was or is_
            if cluster:
                verb = "added" if is_ else "removed"
                reasons[cluster.service].append(f"cluster {name} ({cluster.engine}) {verb}")
    return reasons


def _cluster_differences(was: Cluster, is_: Cluster) -> Iterator[str]:
    for field in fields(Cluster):
        before, after = getattr(was, field.name), getattr(is_, field.name)
        if field.name not in ("name", "members") and before != after:
            yield f"cluster {is_.name}: {field.name.replace('_', ' ')} {before} -> {after}"
