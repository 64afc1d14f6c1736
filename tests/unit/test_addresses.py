"""Names and addresses: derived, stable, and apart from each other."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from isolab.plan.network import addresses
from isolab.plan.placement import Place

GROUPS = st.dictionaries(
    st.sampled_from(["app", "db", "web", "cache", "queue", "search"]),
    st.integers(1, 30),
    min_size=1,
)


def places(groups: dict[str, int]) -> list[Place]:
    return [Place(group=g, number=n + 1) for g, count in groups.items() for n in range(count)]


@given(GROUPS)
def test_each_guest_has_an_address_of_its_own(groups: dict[str, int]) -> None:
    found = addresses.guest_addresses("10.80.1.0/24", places(groups))
    assert len(set(found.values())) == len(found) == sum(groups.values())
    assert all(11 <= int(address.rsplit(".", 1)[1]) <= 254 for address in found.values())


@given(GROUPS, st.randoms())
def test_the_order_of_groups_does_not_matter(groups: dict[str, int], random: object) -> None:
    guests = places(groups)
    assert addresses.guest_addresses("10.80.1.0/24", guests) == addresses.guest_addresses(
        "10.80.1.0/24", guests[::-1]
    )


def test_a_guest_more_moves_nobody() -> None:
    before = addresses.guest_addresses("10.80.1.0/24", places({"app": 2, "db": 1}))
    after = addresses.guest_addresses("10.80.1.0/24", places({"app": 3, "db": 1}))
    assert before.items() <= after.items()


def test_a_full_subnet_is_full() -> None:
    room = addresses.room("10.80.1.0/28")
    found = addresses.guest_addresses("10.80.1.0/28", places({"app": room}))
    assert sorted(int(a.rsplit(".", 1)[1]) for a in found.values()) == list(range(11, 15))


def test_subnets_are_the_stacks_own_and_never_come_twice() -> None:
    first, second = (list(islice(addresses.subnets(stack), 50)) for stack in ("a", "b"))
    assert len(set(first)) == 50
    assert first[0] != second[0]
    assert all(subnet.endswith(".0/24") for subnet in first)


@given(st.text(min_size=1, max_size=40))
def test_names_on_the_host_fit(stack: str) -> None:
    assert len(addresses.bridge(stack)) <= 15
    assert addresses.mac(stack, "app-1").startswith("52:54:00:")
    assert addresses.loopback_port(stack) in addresses.LOOPBACK_PORTS
