"""What holds of every plan: it is a pure function, and nothing in it collides."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isolab.model import GuestGroup, Lab, Placement, Port, Service
from isolab.plan.make import make_plan
from isolab.plan.model import Plan, Surroundings
from isolab.plan.network import addresses
from isolab.plan.placement import place
from isolab.units import MiB
from machine.host.addresses import first_free

GROUPS = st.dictionaries(st.sampled_from(["app", "db", "web"]), st.integers(1, 5), min_size=1)
SERVICES = st.dictionaries(
    st.sampled_from([f"s{n}" for n in range(12)]),
    st.tuples(st.integers(1, 6), st.booleans(), st.sampled_from(["spread", "pack"])),
    min_size=1,
)


def lab(groups: dict[str, int], services: dict[str, tuple[int, bool, str]]) -> Lab:
    return Lab(
        name="test",
        file="test.yaml",
        guests=tuple(GuestGroup(name=n, count=c, memory=MiB(4096)) for n, c in groups.items()),
        services=tuple(
            Service(
                name=name,
                image="a:1",
                replicas=replicas,
                expose=(8000,) if exposed else (),
                ports=(Port(target=80, published=None), Port(target=443, published=None)),
            )
            for name, (replicas, exposed, _) in services.items()
        ),
        placement={
            name: Placement(targets=tuple(groups), strategy=strategy)  # type: ignore[arg-type]
            for name, (_, _, strategy) in services.items()
        },
    )


def plan(lab: Lab) -> Plan:
    return make_plan(lab, Surroundings(stack="test"))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(GROUPS, SERVICES)
def test_the_same_lab_in_another_order_is_the_same_plan(
    groups: dict[str, int], services: dict[str, tuple[int, bool, str]]
) -> None:
    made = lab(groups, services)
    turned = replace(made, guests=made.guests[::-1], services=made.services[::-1])
    assert plan(made) == plan(made) == plan(turned)


@settings(max_examples=60, deadline=None)
@given(GROUPS, SERVICES)
def test_nothing_collides(
    groups: dict[str, int], services: dict[str, tuple[int, bool, str]]
) -> None:
    made = plan(lab(groups, services))
    for values in (
        [address for guest in made.guests for address in guest.addresses],
        [guest.mac for guest in made.guests],
        [guest.domain for guest in made.guests],
        [container.name for container in made.containers],
    ):
        assert len(set(values)) == len(values)
    opened = [(p.ip, p.external, p.protocol) for c in made.containers for p in c.ports]
    assert len(set(opened)) == len(opened)


@settings(max_examples=60, deadline=None)
@given(GROUPS, SERVICES)
def test_every_replica_has_a_guest_and_spread_ones_are_apart(
    groups: dict[str, int], services: dict[str, tuple[int, bool, str]]
) -> None:
    made = lab(groups, services)
    placed = place(made)
    assert len(placed) == sum(replicas for replicas, _, _ in services.values())
    for name, (replicas, _, strategy) in services.items():
        counts = Counter(at for (service, _), at in placed.items() if service == name)
        if strategy == "spread":
            assert len(counts) == min(replicas, sum(groups.values()))


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,12}[a-z0-9]", fullmatch=True), unique=True))
def test_a_class_of_stacks_has_subnets_ports_and_bridges_apart(names: list[str]) -> None:
    stacks = [*(f"class-{number:02}" for number in range(1, 65)), *names]
    stacks = list(dict.fromkeys(stacks))
    subnets: list[str] = []
    for stack in stacks:
        used = [addresses.IPv4Network(cidr) for cidr in subnets]
        subnets.append(first_free(stack, used))
    ports = [addresses.loopback_port(s, c) for s, c in zip(stacks, subnets, strict=True)]
    bridges = [addresses.bridge(stack) for stack in stacks]
    for values in (subnets, ports, bridges):
        assert len(set(values)) == len(values)


def test_a_subnet_whose_port_somebody_listens_on_is_stepped_over() -> None:
    first = first_free("s", [])
    port = addresses.port_of(first)
    assert port is not None
    assert first_free("s", [], {port}) != first


@pytest.mark.slow
def test_a_thousand_services_on_two_hundred_guests_are_planned() -> None:
    services = tuple(
        Service(name=f"s{n}", image="a:1", networks={f"n{n % 100}": ()}, expose=(80,))
        for n in range(1000)
    )
    big = Lab(
        name="big",
        file="big.yaml",
        guests=(GuestGroup(name="app", count=200, memory=MiB(4096)),),
        services=services,
    )
    made = plan(big)
    assert len(made.guests) == 200
    assert len(made.containers) == 1000
