"""Who reaches whom through a guest: its packet filter, as text for iptables-restore.

Docker separates the networks of one guest. What is left to the guest: what leaves its containers
is seen elsewhere with the guest's address, so a caller's own guest lets only the callers of a link
out to it, and the callee's guest lets only their guests in. Containers never reach a guest itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from isolab.plan.model import HOST, Container, Guest, Plan
from isolab.plan.network.networks import LINKS, LINKS_BRIDGE

LOAD = "/usr/sbin/iptables-restore --noflush"
_REFUSE = "REJECT --reject-with icmp-admin-prohibited"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Crossing:
    """A caller and the port that it dials on another guest."""

    caller: str
    """Container name."""
    source: str
    """The caller's guest, or HOST."""
    callee: str
    """Container name."""
    guest: str
    """The callee's."""
    address: str
    """That of its guest which the caller dials."""
    port: int
    """On that address."""
    protocol: str


def crossings(plan: Plan) -> tuple[Crossing, ...]:
    """All ways across the guests' borders that only some containers may take."""
    guest_of = {c.name: c.guest for c in _callers(plan)}
    return tuple(
        Crossing(
            caller=caller,
            source=guest_of[caller],
            callee=container.name,
            guest=guest.name,
            address=port.ip,
            port=port.external,
            protocol=port.protocol,
        )
        for guest in plan.guests
        for container in guest.containers
        for port in container.ports
        for caller in port.callers or ()
        if caller in guest_of
    )


def rulesets(plan: Plan) -> Mapping[str, str]:
    """Each guest's packet filter."""
    leaving: dict[str, list[Crossing]] = {guest.name: [] for guest in plan.guests}
    for crossing in crossings(plan):
        leaving.setdefault(crossing.source, []).append(crossing)
    arriving: dict[str, list[Crossing]] = {guest.name: [] for guest in plan.guests}
    for crossing in crossings(plan):
        arriving[crossing.guest].append(crossing)
    places = {guest.name: guest.address for guest in plan.guests} | {HOST: plan.network.gateway}
    return {
        guest.name: "".join(
            f"{line}\n"
            for line in (
                *_HEAD,
                *_enter(plan, guest),
                *_leave(guest, leaving[guest.name], _published_links(plan, guest)),
                *_arrive(arriving[guest.name], places),
                "COMMIT",
            )
        )
        for guest in plan.guests
    }


_HEAD = (
    "*filter",
    ":INPUT ACCEPT",
    ":DOCKER-USER -",
    ":ISOLAB-LEAVE -",
    ":ISOLAB-ARRIVE -",
    # Restoring empties the chains that are named above, but none of the kernel's own.
    "-F INPUT",
    "-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    # Each packet goes through one of the two, and from there back to Docker's own rules.
    "-A DOCKER-USER -i br-+ -g ISOLAB-LEAVE",
    "-A DOCKER-USER ! -i docker+ -g ISOLAB-ARRIVE",
    # Docker adds this itself where it is missing, at the end.
    "-A DOCKER-USER -j RETURN",
)


def _enter(plan: Plan, guest: Guest) -> Iterator[str]:
    """To the guest itself: its sshd is the host's alone, containers have no business with it."""
    yield "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    yield f"-A INPUT -s {plan.network.gateway} -j ACCEPT"
    yield f"-A INPUT -s {plan.network.cidr} -p tcp --dport 22 -j {_REFUSE}"
    yield f"-A INPUT -i {LINKS_BRIDGE} -j {_REFUSE}"
    for balancer in plan.balancers:
        if balancer.container.guest == guest.name:
            to = f"-d {guest.address} -p tcp --dport {balancer.listen}"
            yield f"-A INPUT -i br-+ {to} -j ACCEPT"
    yield f"-A INPUT -i br-+ -j {_REFUSE}"


def _leave(
    guest: Guest,
    crossings: list[Crossing],
    published_links: Iterable[str],
) -> Iterator[str]:
    """From a container of this guest: links for their callers, then what everybody may dial."""
    own = {container.name: _addresses(guest, container) for container in guest.containers}
    allowed: set[str] = set()
    closed: set[str] = set()
    for crossing in crossings:
        way = f"-d {crossing.address} -p {crossing.protocol} --dport {crossing.port}"
        closed.add(way)
        allowed.update(f"-s {address} {way}" for address in own.get(crossing.caller, ()))
    for way in sorted(allowed):
        yield f"-A ISOLAB-LEAVE {way} -j ACCEPT"
    for way in sorted(closed):
        yield f"-A ISOLAB-LEAVE {way} -j {_REFUSE}"
    for link in published_links:
        yield f"-A ISOLAB-LEAVE {link} -j ACCEPT"
    if any(network.bridge == LINKS_BRIDGE for network in guest.networks):
        yield f"-A ISOLAB-LEAVE -i {LINKS_BRIDGE} -j {_REFUSE}"
    # What the lab file publishes is open to a neighbour on the guest as to anybody else.
    for container in guest.containers:
        for port in container.ports:
            if port.callers is None and port.ip == guest.address:
                way = _published(guest.address, port.external, port.protocol)
                yield f"-A ISOLAB-LEAVE {way} -j ACCEPT"


def _published_links(plan: Plan, guest: Guest) -> Iterator[str]:
    """From containers with nothing but links, to what is published by those whom they call.

    A port that is published under its own number needs no link of its own.
    """
    others = {address: other for address, other in plan.at.items() if other is not guest}
    for container in guest.containers:
        sources = [a.address for a in container.networks if a.network == LINKS and a.address]
        ways = {
            f"-d {address} -p {port.protocol} --dport {port.internal}"
            for name, address in (container.hosts if sources else ())
            if address in others
            for callee in others[address].containers
            if name in (callee.name, *callee.called)
            for port in callee.ports
            if port.callers is None and port.ip == address and port.internal == port.external
        }
        yield from sorted(f"-s {source} {way}" for source in sources for way in ways)


def _arrive(crossings: list[Crossing], places: Mapping[str, str]) -> Iterator[str]:
    """From the lab network: published ports alone, those of links from their callers' guests."""
    yield f"-A ISOLAB-ARRIVE -m conntrack ! --ctstate DNAT -j {_REFUSE}"
    ways = {
        crossing: _published(crossing.address, crossing.port, crossing.protocol)
        for crossing in crossings
    }
    for source, way in sorted({(places[c.source], way) for c, way in ways.items()}):
        yield f"-A ISOLAB-ARRIVE -s {source} {way} -j RETURN"
    for way in sorted(set(ways.values())):
        yield f"-A ISOLAB-ARRIVE {way} -j {_REFUSE}"


def _published(address: str, port: int, protocol: str) -> str:
    """A packet that Docker has turned to a container; where it was sent to first."""
    return f"-p {protocol} -m conntrack --ctstate DNAT --ctorigdst {address} --ctorigdstport {port}"


def _addresses(guest: Guest, container: Container) -> tuple[str, ...]:
    """From where a container may leave: internal networks lead nowhere."""
    closed = {network.name for network in guest.networks if network.internal}
    return tuple(
        attached.address
        for attached in container.networks
        if attached.address and attached.network not in closed
    )


def _callers(plan: Plan) -> tuple[Container, ...]:
    """All that may dial a port: containers on guests, on the host, and balancers."""
    return (
        *plan.containers,
        *plan.host_containers,
        *(balancer.container for balancer in plan.balancers),
    )
