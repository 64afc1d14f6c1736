"""Subnets and addresses of the Docker networks on a guest."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from isolab.diff.compare import diff
from isolab.plan.model import Plan, Surroundings
from isolab.plan.network import addresses
from isolab.plan.read import examine_file, plan_file


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


def test_networks_that_the_lab_file_leaves_open_lie_beside_those_that_it_gives_a_subnet() -> None:
    names = [f"network-{number}" for number in range(40)]
    chosen = {"network-0": "172.16.0.0/13", "network-1": "10.0.0.0/8"}
    subnets = addresses.service_subnets(names, chosen)
    assert {name: subnets[name] for name in chosen} == chosen
    open_ = [IPv4Network(subnets[name]) for name in names[2:]]
    assert len(set(open_)) == len(names) - 2
    assert not any(subnet.overlaps(IPv4Network("172.16.0.0/13")) for subnet in open_)


def test_an_address_that_somebody_has_is_nobody_elses() -> None:
    taken = [f"172.28.0.{last}" for last in range(2, 14)] + ["10.0.0.1"]
    containers = [("web", 1), ("db", 1)]
    given = addresses.container_addresses("172.28.0.0/28", containers, taken=taken)
    assert list(given.values()) == ["172.28.0.14"]


LAB = """\
guests: {app: {count: 2}}
services:
  db: {image: "isolab/guestbook:1", expose: [80], networks: {wide: {ipv4_address: 172.29.0.5}}}
  caller: {image: "isolab/guestbook:1", networks: [wide]}
networks: {wide: {ipam: {config: [{subnet: 172.29.0.0/16}]}}}
"""


def planned(folder: Path, text: str) -> Plan:
    file = folder / "lab.yaml"
    file.write_text(text)
    plan = plan_file(file, {}, Surroundings(stack="test"))
    assert isinstance(plan, Plan), plan
    return plan


def test_who_is_elsewhere_is_told_not_to_call_a_fixed_address(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    for place, warned in (("app-2", 1), ("app-1", 0)):
        file.write_text(f"{LAB}placement: {{db: app-1, caller: {place}}}\n")
        told = examine_file(file, {}, Surroundings(stack="test")).warnings
        assert sum("alone, but caller" in warning.message for warning in told) == warned


def test_another_subnet_recreates_who_is_on_the_network(tmp_path: Path) -> None:
    before = planned(tmp_path, LAB)
    after = planned(tmp_path, LAB.replace("/16", "/20"))
    told = {change.name: change.reasons for change in diff(before, after)}
    assert told.keys() == {"db", "caller"}
    assert all("subnet of its network wide" in reasons for reasons in told.values())
