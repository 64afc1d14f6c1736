"""What happened to the machine since a lab was brought up."""

import time
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from isolab.cli.context import since_up
from isolab.plan.model import Plan, Surroundings, Taken
from isolab.plan.read import plan_file
from machine.host import addresses, boot
from machine.setup import doctor

LAB = Path(__file__).parents[2] / "stacks/reference.yaml"
VPN = Taken(cidr="10.76.0.0/16", owner="a route of tun0")


def planned() -> Plan:
    plan = plan_file(LAB, {}, Surroundings(stack="test", cidr="10.76.117.0/24"))
    assert isinstance(plan, Plan)
    return plan


@pytest.mark.parametrize(
    ("deployed", "started", "drift", "told"),
    [
        (100.0, 200.0, True, True),
        (100.0, 200.0, False, False),  # it came back by itself
        (200.0, 100.0, True, False),  # something else stopped it
        (0.0, 100.0, True, False),  # another backend than files: nobody knows when
    ],
)
def test_a_restart_of_the_machine_is_told_where_something_is_off(
    deployed: float, started: float, drift: bool, told: bool
) -> None:
    found = since_up.told(planned(), (), deployed=deployed, started=started, drift=drift)
    assert list(found) == ([since_up.RESTARTED] if told else [])


def test_a_network_over_the_labs_subnet_is_told() -> None:
    apart = Taken(cidr="10.77.0.0/16", owner="a route of tun1")
    (line,) = since_up.told(planned(), (VPN, apart), deployed=0, started=0, drift=False)
    assert line == (
        "the lab's network 10.76.117.0/24 overlaps 10.76.0.0/16 (a route of tun0): this machine "
        "reaches only one of them (run ./lab down, then ./lab up, which takes a free subnet, or "
        "the network.cidr that the lab file names)"
    )


def test_the_machine_was_started_before_now() -> None:
    assert 0 < boot.started() < time.time()


LAB_NETWORK = (IPv4Network("10.76.117.0/24"), "the libvirt network isolab-mine")
HOME = (IPv4Network("192.168.1.0/24"), "a route of eth0")
TUNNEL = (IPv4Network("10.76.0.0/16"), "a route of tun0")


def test_doctor_tells_a_network_over_a_labs_subnet() -> None:
    check = doctor.subnets_check((LAB_NETWORK, HOME, TUNNEL))
    assert (check.verdict, check.name in doctor.OPTIONAL) == ("unusable", True)
    assert check.detail.startswith(
        "10.76.117.0/24 of the libvirt network isolab-mine and 10.76.0.0/16 of a route of tun0"
    )
    assert "./lab down" in check.fix


def test_doctor_tells_two_labs_on_one_subnet_once() -> None:
    other = (IPv4Network("10.76.117.0/24"), "the libvirt network isolab-other")
    assert doctor.subnets_check((LAB_NETWORK, other)).detail.count(" and ") == 1


def test_networks_that_no_lab_has_are_not_doctors_concern() -> None:
    twice = (IPv4Network("192.168.0.0/16"), "a route of eth1")
    assert doctor.subnets_check((LAB_NETWORK, HOME, twice)).verdict == "ok"


@pytest.mark.slow
@pytest.mark.parametrize("taken", ["10.0.0.0/8", "10.64.0.0/10"])
def test_with_10_in_use_172_and_then_192_are_tried(taken: str) -> None:
    used = [IPv4Network(taken)]
    first = addresses.first_free("test", used)
    assert IPv4Network(first).subnet_of(IPv4Network("172.16.0.0/12"))
    second = addresses.first_free("test", [*used, IPv4Network("172.16.0.0/12")])
    assert IPv4Network(second).subnet_of(IPv4Network("192.168.0.0/16"))
    with pytest.raises(addresses.NoSubnetLeft, match=r"192\.168\.0\.0/16"):
        addresses.first_free(
            "test", [*used, *map(IPv4Network, ("172.16.0.0/12", "192.168.0.0/16"))]
        )
