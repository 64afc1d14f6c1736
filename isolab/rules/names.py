"""Rules about names: what a lab refers to is there."""

from collections.abc import Collection, Iterable, Iterator

from isolab.model import HOST, Lab, Problem
from isolab.rules.problem import Path, item, problem, unknown, warning


def networks_exist(lab: Lab) -> Iterator[Problem]:
    """A network with a misspelt name would silently cut a service off."""
    known = {network.name for network in lab.networks} | {"default"}
    for service in lab.services:
        path = ("services", service.name, "networks")
        yield from _unknown_in(lab, path, "network", service.networks, known)


def what_is_external_is_made(lab: Lab) -> Iterator[Problem]:
    """In Compose somebody else has made it already, and a volume has something in it."""
    for network in lab.networks:
        if network.external:
            path = ("networks", network.name, "external")
            yield warning(
                lab, path, f"this lab creates {network.name}: other labs are not connected to it"
            )
    for name in lab.external_volumes:
        yield warning(
            lab, ("volumes", name, "external"), f"this lab creates {name}, and it starts empty"
        )


def volumes_exist(lab: Lab) -> Iterator[Problem]:
    """A volume with a misspelt name would be a new, empty one."""
    for service in lab.services:
        for index, mount in enumerate(service.volumes):
            if mount.volume and mount.volume not in lab.volumes:
                path = ("services", service.name, "volumes", index)
                yield unknown(lab, path, "volume", mount.volume, lab.volumes)


def secrets_and_configs_exist(lab: Lab) -> Iterator[Problem]:
    """A file that a container gets has to come from somewhere."""
    for service in lab.services:
        for kind in ("secret", "config"):
            known = {secret.name for secret in lab.secrets if secret.kind == kind}
            files = (file for file in service.files if file.kind == kind)
            for index, file in enumerate(files):
                if file.source not in known:
                    path = ("services", service.name, f"{kind}s", index)
                    yield unknown(lab, path, kind, file.source, known)


def dependencies_exist(lab: Lab) -> Iterator[Problem]:
    """Nobody can wait for a service that never comes."""
    known = {service.name for service in lab.services}
    for service in lab.services:
        path = ("services", service.name, "depends_on")
        others = [name for name in service.depends_on if name != service.network_of]
        yield from _unknown_in(lab, path, "service", others, known)
        if service.network_of and service.network_of not in known:
            path = ("services", service.name, "network_mode")
            yield unknown(lab, path, "service", service.network_of, known)


def placed_services_exist(lab: Lab) -> Iterator[Problem]:
    """A placement for a misspelt service would leave the real one at its default."""
    known = {service.name for service in lab.services} | {"*"}
    for name in lab.placement.keys() - lab.disabled.keys():
        if name not in known:
            yield unknown(lab, ("placement", name), "service", name, known)


def placement_targets_exist(lab: Lab) -> Iterator[Problem]:
    """A service runs on guests that there are."""
    groups = {group.name for group in lab.guests}
    known = groups | _guest_names(lab) | {HOST}
    for service, placement in lab.placement.items():
        path = ("placement", service)
        if (*path, "guests") in lab.positions:
            path = (*path, "guests")
        for index, target in enumerate(placement.targets):
            if target not in known:
                yield unknown(
                    lab, item(lab, path, "", index), "guest group or guest", target, known
                )
        if not placement.targets:
            yield problem(lab, path, "does not name a guest")


def no_group_is_called_host(lab: Lab) -> Iterator[Problem]:
    """In a placement it would mean two things."""
    if any(group.name == HOST for group in lab.guests):
        yield problem(lab, ("guests", HOST), "host means the physical host in a placement")


def _guest_names(lab: Lab) -> set[str]:
    return {f"{group.name}-{n}" for group in lab.guests for n in range(1, group.count + 1)}


def _unknown_in(
    lab: Lab, path: Path, what: str, names: Iterable[str], known: Collection[str]
) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in known:
            yield unknown(lab, item(lab, path, name, index), what, name, known)
