"""Rules about names: what a lab refers to is there."""

from collections.abc import Iterator

from isolab.model import Lab, Problem
from isolab.rules.problem import item, problem, unknown


def networks_exist(lab: Lab) -> Iterator[Problem]:
    """A network with a misspelt name would silently cut a service off."""
    known = {network.name for network in lab.networks} | {"default"}
    for service in lab.services:
        path = ("services", service.name, "networks")
        for index, name in enumerate(service.networks):
            if name not in known:
                yield unknown(lab, item(lab, path, name, index), "network", name, known)


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
        for index, name in enumerate(service.depends_on):
            if name not in known:
                yield unknown(lab, item(lab, path, name, index), "service", name, known)


def placed_services_exist(lab: Lab) -> Iterator[Problem]:
    """A placement for a misspelt service would leave the real one at its default."""
    known = {service.name for service in lab.services} | {"*"}
    for name in lab.placement.keys() - lab.disabled.keys():
        if name not in known:
            yield unknown(lab, ("placement", name), "service", name, known)


def placement_targets_exist(lab: Lab) -> Iterator[Problem]:
    """A service runs on guests that there are."""
    groups = {group.name for group in lab.guests}
    known = groups | _guest_names(lab)
    for service, targets in lab.placement.items():
        for index, target in enumerate(targets):
            path = item(lab, ("placement", service), "", index)
            if target == "host" and target not in known:
                yield problem(lab, path, "services on the host itself are not supported yet")
            elif target not in known:
                yield unknown(lab, path, "guest group or guest", target, known)
        if not targets:
            yield problem(lab, ("placement", service), "names no guest")


def targets_mean_one_thing(lab: Lab) -> Iterator[Problem]:
    """A group called like a guest of another group makes a placement ambiguous."""
    for name in sorted({group.name for group in lab.guests} & _guest_names(lab)):
        yield problem(lab, ("guests", name), f"{name} is also the name of a guest of another group")


def _guest_names(lab: Lab) -> set[str]:
    return {f"{group.name}-{n}" for group in lab.guests for n in range(1, group.count + 1)}
