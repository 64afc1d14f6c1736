"""What becomes of one container: small rules, each naming its source; the first to speak wins."""

from collections.abc import Callable, Sequence

from isolab.diff.facts import IN_PLACE
from isolab.diff.transition import ContainerAction, ContainerTransition, GuestTransition, Transition

Verdict = tuple[ContainerAction, str]
"""The container_action, and why."""
Rule = Callable[[Transition, ContainerTransition, GuestTransition | None], Verdict | None]

RECREATED = frozenset({"move", "recreate"})
"""Actions whose container is another one afterwards."""


def container_action(transition: Transition, container: ContainerTransition) -> Verdict:
    """What becomes of a container, and why; decided once, since others may follow it."""
    decided = transition.verdicts
    if container.name not in decided:
        guest = transition.guest_of(container)
        found = (rule(transition, container, guest) for rule in RULES)
        decided[container.name] = next(filter(None, found), ("stay", ""))
    return decided[container.name]


def follows(
    transition: Transition, container: ContainerTransition, verdict: Verdict
) -> Sequence[str]:
    """The containers for whose recreation alone it is recreated."""
    new, guest = container.new, transition.guest_of(container)
    if new is None:
        return ()
    if verdict == a_shared_network_goes_with_its_container(transition, container, guest):
        return (new.network_of,)
    own = what_follows_another_is_recreated_with_it(transition, container, guest)
    return _recreated(transition, new.restarts_with) if own == verdict else ()


def new_ones_are_made(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: the lab file names it now (components/service.py makes one for each replica)."""
    return ("create", "") if container.old is None else None


def what_is_not_named_goes(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: the engine deletes what its program makes no more."""
    return ("delete", "it is no longer in the lab") if container.new is None else None


def another_guest_is_another_docker(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: a container lives in one Docker daemon, and each guest has its own."""
    return ("move", "recreated in the other Docker") if container.moves else None


def another_libvirt_has_nothing(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: components/host.py replaces everything in libvirt with the provider's URI."""
    return (
        ("recreate", "nothing of the lab is in the other libvirt") if transition.elsewhere else None
    )


def containers_follow_the_root_disk(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: components/guest.py, replace_with the root volume; ADR 1."""
    return ("recreate", "it is on the guest's root disk") if guest and guest.root else None


def containers_follow_their_volumes(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: components/service.py, replace_with the volumes that it mounts; ADR 22."""
    mounts = container.old and container.old.mounts
    return ("recreate", "its volumes are recreated") if guest and guest.data and mounts else None


def what_differs_in_the_container_recreates_it(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: the Docker provider's schema, where all but IN_PLACE forces a new container."""
    return (
        ("recreate", "Docker changes it only by recreation")
        if container.parts.keys() - IN_PLACE
        else None
    )


def what_names_an_address_changes_with_it(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: components/service.py, ports, hosts and the image's name carry addresses."""
    return ("recreate", "an address that it uses changes") if container.readdressed else None


def a_shared_network_goes_with_its_container(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: components/service.py, network_mode has the other container's id."""
    name = container.new.network_of if container.new else ""
    found = _recreated(transition, (name,))
    return ("recreate", f"{name} is recreated, whose network it has") if found else None


def what_follows_another_is_recreated_with_it(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: components/service.py, replace_with the containers of depends_on with restart."""
    found = _recreated(transition, container.new.restarts_with if container.new else ())
    return ("recreate", f"{found[0]} is recreated: depends_on, restart: true") if found else None


def _recreated(transition: Transition, others: Sequence[str]) -> Sequence[str]:
    return [
        name
        for name in others
        if name in transition.containers
        and container_action(transition, transition.containers[name])[0] in RECREATED
    ]


def without_a_restart_policy_it_lies_still(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: Docker's "Start containers automatically": `no` is never started by the daemon."""
    if guest and guest.reboots and container.old and container.old.restart == "no":
        return "lie", "restart policy no: Docker does not start it again"
    return None


def on_a_network_of_another_it_lies_still(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: Docker 20.10 at its own start, "cannot join network of a non running container"."""
    if guest and guest.reboots and container.old and container.old.network_of:
        return (
            "lie",
            f"Docker does not start it again: it has the network of {container.old.network_of}",
        )
    return None


def docker_starts_it_again(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: Docker's "Start containers automatically": the daemon starts what ran before."""
    if guest and guest.reboots and container.old:
        return "restart", f"restart policy {container.old.restart}"
    return None


def docker_changes_it_as_it_runs(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: `docker update` takes memory and restart; files are written over, pids a slice's."""
    return ("update", "changed as it runs") if container.parts else None


RULES: tuple[Rule, ...] = (
    new_ones_are_made,
    what_is_not_named_goes,
    another_guest_is_another_docker,
    another_libvirt_has_nothing,
    containers_follow_the_root_disk,
    containers_follow_their_volumes,
    what_differs_in_the_container_recreates_it,
    what_names_an_address_changes_with_it,
    a_shared_network_goes_with_its_container,
    what_follows_another_is_recreated_with_it,
    without_a_restart_policy_it_lies_still,
    on_a_network_of_another_it_lies_still,
    docker_starts_it_again,
    docker_changes_it_as_it_runs,
)
