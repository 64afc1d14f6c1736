"""From a checked lab to its plan."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from isolab.model import GuestGroup, Lab
from isolab.plan import balancers, clusters
from isolab.plan.containers import Layout, container, container_name, published
from isolab.plan.model import (
    HOST,
    Container,
    Endpoint,
    Guest,
    LabNetwork,
    Plan,
    Pool,
    Registry,
    Surroundings,
)
from isolab.plan.network import addresses, networks
from isolab.plan.network.links import Link, crowded_out, links
from isolab.plan.network.ports import open_ports
from isolab.plan.order import start_order
from isolab.plan.placement import Place, guests, place

POOLS = "/var/lib/libvirt/isolab"


def make_plan(lab: Lab, surroundings: Surroundings) -> Plan:
    """The plan of a lab that passed the rules, its own and the plan's."""
    stack, cidr = surroundings.stack, subnet(lab, surroundings)
    layout = _layout(lab, surroundings, cidr)
    containers = tuple(
        container(layout, service, replica)
        for service in start_order(lab.services)
        for replica in range(1, service.replicas + 1)
    )
    around = balancers.Around(
        lab=lab,
        stack=stack,
        gateway=addresses.gateway(cidr),
        addresses=layout.addresses,
        digests=surroundings.digests,
        kvm=uses_kvm(lab, surroundings),
        files=surroundings.files,
    )
    balancing = balancers.balancers(around, containers)
    return Plan(
        stack=stack,
        name=lab.name,
        description=lab.description,
        libvirt=lab.host.libvirt,
        kvm=around.kvm,
        network=_network(lab, stack, cidr),
        pool=Pool(name=f"isolab-{stack}", path=f"{POOLS}/{stack}"),
        registry=_registry(lab, surroundings, around.gateway),
        image=surroundings.guest_image,
        guests=_guests(layout, containers),
        # First the address that people should use.
        endpoints=(*balancers.endpoints(around, balancing), *_endpoints(layout)),
        host_containers=tuple(c for c in containers if c.guest == HOST),
        balancers=balancing,
        images={path: surroundings.images[path] for path in own_images(lab, surroundings)},
        clusters=clusters.planned(lab),
        autostart=lab.host.autostart,
    )


def _layout(lab: Lab, surroundings: Surroundings, cidr: str) -> Layout:
    """Where every replica is, what it is called, and who reaches it at which address."""
    stack, placed = surroundings.stack, place(lab)
    balanced = balancers.targets(lab, stack)
    everybody = (*links(lab, placed), *clusters.links(lab, placed))
    called = _grouped(everybody, lambda link: link.callee)
    own = addresses.guest_addresses(cidr, guests(lab))
    crowded = crowded_out(lab, placed, called)
    return Layout(
        lab=lab,
        stack=stack,
        placed=placed,
        names={
            (service.name, replica): container_name(
                service, replica, stack, placed[service.name, replica]
            )
            for service in lab.services
            for replica in range(1, service.replicas + 1)
        },
        calls=_grouped(everybody, lambda link: link.caller),
        called=called,
        addresses={HOST: addresses.gateway(cidr), **own},
        further=addresses.further_addresses(cidr, own.values(), crowded),
        digests=surroundings.digests,
        builds=surroundings.builds,
        host_files=surroundings.host_files,
        balanced=balanced,
        files=surroundings.files,
        open_ports=open_ports(lab, placed, {name: tuple(each) for name, each in balanced.items()}),
    )


def _network(lab: Lab, stack: str, cidr: str) -> LabNetwork:
    return LabNetwork(
        name=f"isolab-{stack}",
        bridge=addresses.bridge(stack),
        cidr=cidr,
        gateway=addresses.gateway(cidr),
        domain=f"{stack}.isolab",
        outside=lab.outside,
        host_ports=lab.host_ports,
    )


def _registry(lab: Lab, surroundings: Surroundings, gateway: str) -> Registry:
    stack = surroundings.stack
    return Registry(
        name=f"isolab-{stack}-registry",
        address=gateway,
        port=addresses.REGISTRY_PORT,
        loopback_port=addresses.loopback_port(stack, None if lab.cidr else surroundings.cidr),
    )


def own_images(lab: Lab, surroundings: Surroundings) -> tuple[str, ...]:
    """The images of the user's own that guests boot from and that are known, by their paths."""
    named = {group.guest(n).image for group in lab.guests for n in (0, *group.exceptions)}
    return tuple(sorted(named & surroundings.images.keys()))


def _grouped(
    all_links: Iterable[Link], key: Callable[[Link], tuple[str, int]]
) -> Mapping[tuple[str, int], tuple[Link, ...]]:
    """Links by one of their ends: with thousands of containers nobody may look at all of them."""
    found: dict[tuple[str, int], list[Link]] = {}
    for link in all_links:
        found.setdefault(key(link), []).append(link)
    return {end: tuple(those) for end, those in found.items()}


def subnet(lab: Lab, surroundings: Surroundings) -> str:
    """The lab file's subnet, else the stack's chosen one, else the one its name gives."""
    return lab.cidr or surroundings.cidr or next(addresses.subnets(surroundings.stack))


def uses_kvm(lab: Lab, surroundings: Surroundings) -> bool:
    """What the lab file says; where it leaves it open, what the host can."""
    choice = lab.host.virtualization
    return surroundings.kvm if choice == "auto" else choice == "kvm"


def _guests(layout: Layout, containers: Iterable[Container]) -> tuple[Guest, ...]:
    groups = {group.name: group for group in layout.lab.guests}
    on_guest: dict[str, list[Container]] = defaultdict(list)
    for made in containers:
        on_guest[made.guest].append(made)
    return tuple(
        _guest(layout, place, groups[place.group].guest(place.number), on_guest[place.name])
        for place in guests(layout.lab)
    )


def _guest(
    layout: Layout, place: Place, group: GuestGroup, containers: Sequence[Container]
) -> Guest:
    service_networks = networks.guest_networks(layout.lab, tuple(containers))
    return Guest(
        name=place.name,
        group=place.group,
        domain=f"isolab-{layout.stack}-{place.name}",
        address=layout.addresses[place.name],
        mac=addresses.mac(layout.stack, place.name),
        memory=group.memory,
        vcpus=group.vcpus,
        disk=group.disk,
        data=group.data,
        networks=service_networks,
        volumes=tuple(sorted({mount.volume for c in containers for mount in c.mounts})),
        containers=networks.addressed(layout.lab, service_networks, tuple(containers)),
        image=group.image,
        cpu=group.cpu,
        cloud_init=group.cloud_init,
        privileged=group.privileged,
        further_addresses=tuple(
            layout.further[key]
            for c in containers
            if (key := (c.service, c.replica)) in layout.further
        ),
    )


def _endpoints(layout: Layout) -> Iterator[Endpoint]:
    """Where people reach services; a port that only a link needs is none of theirs."""
    services = {service.name: service for service in layout.lab.services}
    for (name, replica), where in sorted(layout.placed.items()):
        for port in published(layout, services[name], replica):
            if port.protocol == "tcp" and port.ip == layout.addresses[where.name]:
                yield Endpoint(service=name, url=f"http://{port.ip}:{port.external}")
