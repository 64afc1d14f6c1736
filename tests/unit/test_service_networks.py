"""Subnets and addresses of the Docker networks on a guest."""

from ipaddress import IPv4Address, IPv4Network

from isolab.plan.network import addresses


def test_subnets_lie_in_docker_s_range_and_never_meet() -> None:
    names = [f"network-{number}" for number in range(addresses.SERVICE_NETWORK_COUNT)]
    subnets = [IPv4Network(subnet) for subnet in addresses.service_subnets(names).values()]
    assert len(set(subnets)) == len(names)
    assert all(subnet.subnet_of(addresses.SERVICE_NETWORKS) for subnet in subnets)
    assert not any(subnet.overlaps(IPv4Network("172.17.0.0/16")) for subnet in subnets)


def test_more_networks_than_subnets_leave_the_rest_to_docker() -> None:
    names = [f"network-{number}" for number in range(addresses.SERVICE_NETWORK_COUNT + 3)]
    assert len(addresses.service_subnets(names)) == addresses.SERVICE_NETWORK_COUNT


def test_addresses_of_a_network_are_its_own_and_differ() -> None:
    containers = [(service, replica) for service in ("web", "db") for replica in range(1, 101)]
    given = addresses.container_addresses("172.18.16.0/20", containers)
    assert len(set(given.values())) == len(containers)
    network = IPv4Network("172.18.16.0/20")
    for address in map(IPv4Address, given.values()):
        assert network.network_address + 1 < address < network.broadcast_address


def test_a_replica_more_moves_nobody() -> None:
    before = addresses.container_addresses("172.18.0.0/20", [("web", 1), ("db", 1)])
    after = addresses.container_addresses("172.18.0.0/20", [("web", 1), ("db", 1), ("web", 2)])
    assert {key: after[key] for key in before} == before
