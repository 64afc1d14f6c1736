"""The host and its guests as boxes."""

from isolab.draw import words
from isolab.draw.containers import balancer_box, container_box
from isolab.draw.drawing import Box, Kind
from isolab.plan.model import HOST, Container, Guest, GuestNetwork, Plan

OUTSIDE = "outside"
LAB_NETWORK = "lab network"


def outside_box(plan: Plan) -> Box:
    """Beyond the machine, with the addresses that people open."""
    return Box(
        id=OUTSIDE,
        kind="outside",
        name="outside",
        facts=tuple(f"{endpoint.url} ({endpoint.service})" for endpoint in plan.endpoints),
    )


def host_box(plan: Plan) -> Box:
    """The physical host with all that is on it."""
    way = "KVM" if plan.kvm else "TCG (emulated)"
    return Box(
        id="host",
        kind="host",
        name="host",
        facts=(f"guests under {way}",),
        details=(
            ("libvirt", plan.libvirt),
            ("storage pool", plan.pool.path),
            ("guest image", plan.image.digest[:12] if plan.image else "not chosen yet"),
        ),
        boxes=(
            _lab_network(plan),
            _registry(plan),
            *(balancer_box(b) for b in plan.balancers if b.container.guest == HOST),
            *(container_box(c, None, plan.clusters) for c in plan.host_containers),
            *(_guest(guest, plan) for guest in plan.guests),
        ),
    )


def _lab_network(plan: Plan) -> Box:
    network = plan.network
    return Box(
        id=LAB_NETWORK,
        kind="lab network",
        name=network.name,
        facts=(network.cidr, "NAT"),
        details=(
            ("subnet", network.cidr),
            ("gateway", network.gateway),
            ("bridge", network.bridge),
            ("domain", network.domain),
            ("way out", "NAT by the host"),
        ),
    )


def _registry(plan: Plan) -> Box:
    registry = plan.registry
    return Box(
        id="registry",
        kind="registry",
        name="registry",
        facts=(registry.endpoint, "read-only"),
        details=(
            ("container", registry.name),
            ("guests pull from", registry.endpoint),
            ("on the host", f"127.0.0.1:{registry.loopback_port}"),
        ),
    )


def _guest(guest: Guest, plan: Plan) -> Box:
    balancers = [b for b in plan.balancers if b.container.guest == guest.name]
    shown = {b.container.name for b in balancers}
    containers = [c for c in in_order(guest) if c.name not in shown]
    boxes = (
        *map(balancer_box, balancers),
        *(container_box(container, guest, plan.clusters) for container in containers),
        *(_network(guest, network) for network in guest.networks),
        *_disks(guest),
    )
    facts = (guest.address, words.guest(guest))
    return Box(
        id=f"guest/{guest.name}",
        kind="guest",
        name=guest.name,
        facts=facts,
        details=(
            ("group", guest.group),
            ("address", guest.address),
            ("MAC", guest.mac),
            ("memory", words.size(guest.memory)),
            ("vCPUs", str(guest.vcpus)),
            ("root disk", words.size(guest.disk)),
            ("data disk", words.size(guest.data) if guest.data else "none"),
            ("domain", guest.domain),
        ),
        boxes=boxes,
        likeness=f"{guest.group} {facts[1:]} {[box.likeness for box in boxes]}",
    )


def in_order(guest: Guest) -> tuple[Container, ...]:
    """Its containers, callers before whom they call: the plan has them in the order of start."""
    services = list(dict.fromkeys(container.service for container in guest.containers))
    order = {service: -number for number, service in enumerate(services)}
    return tuple(sorted(guest.containers, key=lambda c: (order[c.service], c.replica)))


def _network(guest: Guest, network: GuestNetwork) -> Box:
    kind: Kind = "internal" if network.internal else "network"
    way = "internal, no way out" if network.internal else "way out through the guest"
    return Box(
        id=f"network/{guest.name}/{network.name}",
        kind=kind,
        name=network.name,
        facts=("internal",) if network.internal else (),
        details=(("network", f"Docker bridge, ends at the border of {guest.name}"), ("", way)),
        likeness=f"{kind} {network.name}",
    )


def volume_id(guest: Guest, volume: str) -> str:
    """The volume's box; with another disk it is another one, and empty."""
    return f"volume/{guest.name}/{'root' if guest.data is None else 'data'}/{volume}"


def _disks(guest: Guest) -> tuple[Box, ...]:
    volumes = tuple(
        Box(
            id=volume_id(guest, volume),
            kind="volume",
            name=volume,
            details=(("volume", "Docker volume"),),
            likeness=f"volume {volume}",
        )
        for volume in guest.volumes
    )
    root = Box(
        id=f"disk/{guest.name}/root",
        kind="disk",
        name="root disk",
        facts=(words.size(guest.disk), "ephemeral"),
        boxes=() if guest.data else volumes,
        likeness=f"root {guest.disk} {len(volumes)}",
    )
    if guest.data is None:
        return (root,)
    data = Box(
        id=f"disk/{guest.name}/data",
        kind="disk",
        name="data disk",
        facts=(words.size(guest.data), "retained"),
        boxes=volumes,
        likeness=f"data {guest.data} {[volume.likeness for volume in volumes]}",
    )
    return (root, data)
