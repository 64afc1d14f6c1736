"""Rules that need to know where replicas run, or what is around the lab."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network

from isolab.labfile import in_order
from isolab.model import ENDED, Lab, Path, Problem
from isolab.plan import machine_rules
from isolab.plan.guest.capacity import OS_RESERVE
from isolab.plan.guest.processor import PASSED_THROUGH
from isolab.plan.model import HOST, Container, Guest, Plan, PublishedPort, Surroundings
from isolab.plan.network import networks
from isolab.plan.network.links import ports
from isolab.plan.network.ports import NONE_LEFT
from isolab.plan.network.reach import LONGEST, reach
from isolab.plan.placement import places
from isolab.rules.problem import item, problem, setting, warning

SSH = 22
"""Where isolab logs in to a guest."""
Rule = Callable[[Lab, Plan], Iterator[Problem]]


def check(lab: Lab, plan: Plan, surroundings: Surroundings) -> tuple[Problem, ...]:
    """All that keeps a lab that passed its own rules from being built as planned."""
    found = [problem for rule in RULES for problem in rule(lab, plan)]
    found += bind_mounts_can_be_copied(lab, surroundings)
    if surroundings.machine:
        found += machine_rules.check(lab, plan, surroundings.machine)
    return in_order(tuple(found))


def bind_mounts_can_be_copied(lab: Lab, surroundings: Surroundings) -> Iterator[Problem]:
    """No guest sees the host's file system: it gets a copy, of files, and not too many."""
    for service in lab.services:
        for bind in service.binds:
            found = surroundings.host_files.get(bind.source)
            if found and found.problem:
                yield problem(
                    lab,
                    ("services", service.name, "volumes"),
                    f"what is mounted at {bind.target} cannot be copied: {found.problem}",
                    "isolab copies bind mounts into the guest; put large data into an image "
                    "or a named volume",
                )


def containers_fit_their_guests(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """The memory limits on a guest stay below what its OS leaves: beyond, the kernel kills one."""
    told: set[Path] = set()
    for guest in plan.guests:
        limits = [c.limits.memory for c in _on(plan, guest) if c.limits.memory]
        left = guest.memory - OS_RESERVE
        path = setting(lab, guest.group, guest.name, "memory")
        if sum(limits) > left and path not in told:
            told.add(path)
            yield problem(
                lab,
                path,
                f"the containers on {guest.name} may use {sum(limits)} MiB, but of its "
                f"{guest.memory} MiB the OS leaves {left} MiB",
                f"give the guest at least {sum(limits) + OS_RESERVE}MiB",
            )


def _on(plan: Plan, guest: Guest) -> tuple[Container, ...]:
    """All that runs on a guest."""
    balancers = (b.container for b in plan.balancers if b.container.guest == guest.name)
    return (*guest.containers, *balancers)


def cpus_are_there(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """Docker refuses a container more processors than its guest has."""
    told: set[str] = set()
    for guest in plan.guests:
        for container in guest.containers:
            cpus = container.limits.cpus
            if cpus and cpus > guest.vcpus and container.service not in told:
                told.add(container.service)
                yield problem(
                    lab,
                    _limit(lab, container.service, "cpus"),
                    f"{cpus:g} processors, but {guest.name} has {guest.vcpus}",
                    "give the guest more vcpus",
                )


def processors_are_shared_out(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """Containers may share processors: they wait for each other when all are busy."""
    told: set[Path] = set()
    for guest in plan.guests:
        wanted = sum(c.limits.cpus for c in _on(plan, guest) if c.limits.cpus)
        path = setting(lab, guest.group, guest.name, "vcpus")
        if wanted > guest.vcpus and path not in told:
            told.add(path)
            yield warning(
                lab,
                path,
                f"the containers on {guest.name} may use {wanted:g} processors together, "
                f"but it has {guest.vcpus}",
            )


def passing_through_needs_kvm(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """An emulated guest cannot see the host's processor."""
    if lab.host.virtualization == "tcg":
        for guest in plan.guests:
            if guest.cpu == PASSED_THROUGH:
                yield problem(
                    lab,
                    setting(lab, guest.group, guest.name, "cpu"),
                    f"{PASSED_THROUGH} needs KVM, but host.virtualization is tcg",
                    "remove cpu, or name a model such as Nehalem",
                )


def _limit(lab: Lab, service: str, key: str) -> tuple[str, ...]:
    long = ("services", service, "deploy", "resources", "limits", key)
    return long if long in lab.positions else ("services", service, key)


def published_ports_are_free(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """On one guest, or on the host, a port leads to one container."""
    places = [(guest.name, guest.containers) for guest in plan.guests]
    for place_, containers in (*places, ("the host", plan.host_containers)):
        owners: dict[tuple[str, int, str], list[str]] = defaultdict(list)
        for container in containers:
            for port in container.ports:
                owners[port.ip, port.external, port.protocol].append(container.name)
        services = {container.name: container.service for container in containers}
        for (_, number, protocol), names in owners.items():
            if len(names) > 1:
                yield problem(
                    lab,
                    ("services", services[names[-1]], "ports"),
                    f"{' and '.join(names)} both need port {number}/{protocol} of {place_}",
                    "publish another one, leave the published port open, or place them apart",
                )


def ports_are_published_where_guests_have_them(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """Docker binds no address that its machine does not have."""
    told: set[Path] = set()
    for guest in plan.guests:
        there = {*guest.addresses, "0.0.0.0"}
        for container in guest.containers:
            for port in container.ports:
                path = _port(lab, container.service, port)
                foreign = port.ip not in there and not port.ip.startswith("127.")
                if foreign and ":" not in port.ip and path not in told:
                    told.add(path)
                    yield problem(
                        lab,
                        path,
                        f"{guest.name} does not have the address {port.ip}",
                        f"remove the address: the port is then published on {guest.address}",
                    )


def guests_keep_their_ssh(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """The guest's own sshd listens on all its addresses: isolab logs in there."""
    told: set[Path] = set()
    for guest in plan.guests:
        for container in guest.containers:
            for port in container.ports:
                path = _port(lab, container.service, port)
                if (port.external, port.protocol) == (SSH, "tcp") and path not in told:
                    told.add(path)
                    yield problem(
                        lab,
                        path,
                        f"port {SSH} of {guest.name} is used by the guest's own sshd",
                        f"publish another one, for example 2222:{port.internal}",
                    )


def _port(lab: Lab, service: str, port: PublishedPort) -> Path:
    """Where a port of a container stands in the lab file."""
    (found,) = (s for s in lab.services if s.name == service)
    for index, given in enumerate(found.ports):
        if (
            (given.target, given.protocol) == (port.internal, port.protocol)
            and given.published in (port.external, None)
            and given.host_ip in ("", "0.0.0.0", port.ip)
        ):
            return item(lab, ("services", service, "ports"), "", index)
    return ("services", service, "expose" if port.internal in found.expose else "ports")


def balancers_find_their_port_free(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """A balancer listens beside the registry on the host, and beside services on a guest."""
    owners = {("host", plan.registry.port): "the lab's registry"} | {
        (container.guest, port.external): container.name
        for container in (*plan.containers, *plan.host_containers)
        for port in container.ports
        if port.protocol == "tcp"
    }
    for balancer in plan.balancers:
        owner = owners.get((balancer.container.guest, balancer.listen))
        if owner:
            yield problem(
                lab,
                ("balancers", balancer.name, "listen"),
                f"{owner} already listens on {balancer.listen} there",
            )


def open_ports_suffice(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """A guest has so many ports to choose from, and each leads to one container."""
    for guest in plan.guests:
        wanting = [c for c in guest.containers if any(p.external == NONE_LEFT for p in c.ports)]
        if wanting:
            yield problem(
                lab,
                ("services", wanting[0].service, "ports"),
                f"{guest.name} has no port left for {wanting[0].name}",
                "publish fewer, or place them on more guests",
            )
            return


def what_guests_reach_has_a_name(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """The open ports stand in one DNS name of the network."""
    if len(reach(plan)) > LONGEST:
        own = ("network", "host_ports")
        yield problem(
            lab,
            own if own in lab.positions else ("services",),
            "too many single ports of the host are open to guests",
            "let them follow one another: a row such as 8000-8063 counts as one",
        )


def dependencies_can_be_called(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """A service on another guest is called through its ports: the file has to name them."""
    places = _places(plan)
    services = {service.name: service for service in lab.services}
    for service in lab.services:
        for name, condition in service.depends_on.items():
            if condition == ENDED:
                continue
            other = services[name]
            shared = set(networks.of_service(service)) & set(networks.of_service(other))
            apart = set(places[service.name]) - set(places[name])
            if shared and not ports(other) and apart:
                yield problem(
                    lab,
                    ("services", name),
                    f"{service.name} calls it from another guest, but it exposes no port",
                    "for example expose: [3306]",
                )


def cluster_members_die_one_by_one(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """Two members on one guest die with it, and the majority with them."""
    places = _places(plan)
    for cluster in lab.clusters:
        members = places[cluster.service]
        shared = next((guest for guest in members if members.count(guest) > 1), None)
        if shared is not None:
            yield problem(
                lab,
                ("clusters", cluster.name),
                f"{members.count(shared)} replicas of {cluster.service} are on {shared}, "
                "but each needs a guest of its own",
                f"give it {len(members)} guests: count: {len(members)}",
            )


def cluster_members_have_data_disks(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """Without a data disk a rebuilt guest brings an empty member."""
    places, told = _places(plan), set[str]()
    guests = {guest.name: guest for guest in plan.guests}
    for cluster in lab.clusters:
        for name in places[cluster.service]:
            guest = guests[name]
            if guest.data is None and guest.group not in told:
                told.add(guest.group)
                yield problem(
                    lab,
                    ("guests", guest.group),
                    f"runs a member of cluster {cluster.name}, but has no data disk",
                    "for example data: 2GiB",
                )


def _places(plan: Plan) -> Mapping[str, Sequence[str]]:
    """Each service's guests, or HOST, a replica after the other."""
    found: dict[str, list[str]] = defaultdict(list)
    everything = (*plan.containers, *plan.host_containers)
    for container in sorted(everything, key=lambda container: container.replica):
        found[container.service].append(container.guest)
    return found


def hosted_services_are_in_the_open(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """One may want that, but should know of it."""
    for container in plan.host_containers:
        own = ("placement", container.service)
        yield warning(
            lab,
            own if own in lab.positions else ("placement", "*"),
            f"{container.service} runs with the host's network: it may listen on all of "
            "the host's addresses, and reaches what the host reaches",
        )


def ends_are_waited_for_on_one_guest(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """Guests are made side by side, and none waits for what happens inside another."""
    places = _places(plan)
    for service in lab.services:
        for name, condition in service.depends_on.items():
            if condition == ENDED and set(places[service.name]) - set(places[name]):
                yield problem(
                    lab,
                    ("services", service.name, "depends_on", name),
                    f"waits for {name} to end, but {name} is on another guest",
                    "place both on the same guests",
                )


def what_restarts_together_is_on_one_guest(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """Guests are made side by side: a container is recreated with those beside it alone."""
    places = _places(plan)
    for service in lab.services:
        for name in service.restarts_with:
            apart = sorted(set(places[service.name]) - set(places[name]))
            if apart:
                where = "the host" if apart[0] == HOST else apart[0]
                yield warning(
                    lab,
                    ("services", service.name, "depends_on", name, "restart"),
                    f"no effect on {where}, where {name} does not run: "
                    f"{service.name} is not recreated there with it",
                    "place both on the same guests",
                )


def who_has_a_network_together_is_placed_together(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """A container's network is one of the kernel that it runs on."""
    where = _places(plan)
    for service in lab.services:
        if not service.network_of or service.name not in lab.placement:
            continue
        allowed = {place.name for place in places(lab, service.name)}
        for at in where[service.name]:
            if at not in allowed:
                yield problem(
                    lab,
                    ("placement", service.name),
                    f"network_mode is service:{service.network_of}, which runs on {at}",
                    f"leave it out: {service.name} is placed where {service.network_of} is",
                )


def guests_let_their_services_hold_them(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """A container that holds the guest holds all others on it: somebody has to want that."""
    told: set[Path] = set()
    for guest in plan.guests:
        for container in () if guest.privileged else guest.containers:
            held = {
                "privileged": container.privileged,
                "devices": bool(container.devices),
                "pid": container.pid == "host",
                "ipc": container.ipc == "host",
                "cgroup": container.cgroup == "host",
            }
            for key in (key for key, holds in held.items() if holds):
                path = ("services", container.service, key)
                if path not in told:
                    told.add(path)
                    yield problem(
                        lab,
                        path,
                        f"{container.name} would have all rights on {guest.name} "
                        "and its containers",
                        f"guests.{guest.group}.privileged: true allows it",
                    )


def subnets_leave_the_lab_network_alone(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """A guest would look for its host and the other guests among its own containers."""
    for network in lab.networks:
        chosen = network.subnet
        if chosen and IPv4Network(chosen.subnet).overlaps(IPv4Network(plan.network.cidr)):
            yield problem(
                lab,
                ("networks", network.name, "ipam", "config", 0, "subnet"),
                f"{chosen.subnet} overlaps {plan.network.cidr}, the lab network's subnet",
                "choose another one, or network: {cidr: …} for the lab network",
            )


def each_container_has_an_address(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """In a subnet that the lab file chooses there may be too few."""
    chosen = {networks.docker_name(n.name): n.name for n in lab.networks if n.subnet}
    told: set[str] = set()
    for guest in plan.guests:
        for container in guest.containers:
            for attached in container.networks:
                name = chosen.get(attached.network)
                if name and not attached.address and name not in told:
                    told.add(name)
                    yield problem(
                        lab,
                        ("networks", name, "ipam", "config", 0),
                        f"no address is left for {container.name} on {guest.name}",
                        "a larger subnet or ip_range",
                    )


def fixed_addresses_end_at_the_guest(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """A Docker network is one of a guest: on another one, nobody has the address."""
    places = _places(plan)
    for service in lab.services:
        for name, address in service.addresses.items():
            here = set(places[service.name])
            apart = [
                other.name
                for other in lab.services
                if name in networks.of_service(other) and set(places[other.name]) - here
            ]
            if apart:
                yield warning(
                    lab,
                    ("services", service.name, "networks", name, "ipv4_address"),
                    f"{address} is known on {' and '.join(sorted(here))} alone, "
                    f"but {apart[0]} is elsewhere",
                    f"call it by its name, {service.name}, or place them together",
                )


def root_disks_hold_the_image(lab: Lab, plan: Plan) -> Iterator[Problem]:
    """libvirt finds out that a disk is too small only after the old domain is gone."""
    told: set[Path] = set()
    for guest in plan.guests:
        image = plan.image_of(guest)
        path = setting(lab, guest.group, guest.name, "disk")
        if image and guest.disk < image.virtual_size and path not in told:
            told.add(path)
            yield problem(
                lab,
                path,
                f"{guest.disk} MiB given, but the guest image needs {image.virtual_size} MiB",
            )


RULES: tuple[Rule, ...] = (
    containers_fit_their_guests,
    cpus_are_there,
    processors_are_shared_out,
    passing_through_needs_kvm,
    open_ports_suffice,
    what_guests_reach_has_a_name,
    published_ports_are_free,
    ports_are_published_where_guests_have_them,
    guests_keep_their_ssh,
    balancers_find_their_port_free,
    dependencies_can_be_called,
    cluster_members_die_one_by_one,
    cluster_members_have_data_disks,
    hosted_services_are_in_the_open,
    ends_are_waited_for_on_one_guest,
    what_restarts_together_is_on_one_guest,
    who_has_a_network_together_is_placed_together,
    guests_let_their_services_hold_them,
    subnets_leave_the_lab_network_alone,
    each_container_has_an_address,
    fixed_addresses_end_at_the_guest,
    root_disks_hold_the_image,
)
