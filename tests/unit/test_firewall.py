"""The guests' packet filters, as far as their text tells; tests/live sees them at work."""

from collections.abc import Callable
from pathlib import Path

import pytest

from isolab.plan.guest import boot
from isolab.plan.model import Plan, Surroundings
from isolab.plan.network import firewall
from isolab.plan.read import plan_file

LABS = Path(__file__).parents[1] / "labs/valid"
GOLDENS = Path(__file__).with_name("goldens")
Golden = Callable[[Path, str], None]


def planned(name: str) -> Plan:
    plan = plan_file(LABS / f"{name}.yaml", {}, Surroundings(stack=name))
    assert isinstance(plan, Plan)
    return plan


@pytest.mark.parametrize("name", ["separate", "balanced"])
def test_rulesets_of_a_lab(name: str, golden: Golden) -> None:
    rulesets = firewall.rulesets(planned(name))
    text = "".join(f"# {guest}\n{ruleset}" for guest, ruleset in rulesets.items())
    golden(GOLDENS / f"firewall-{name}.rules", text)


def test_a_link_is_open_to_its_caller_and_no_one_else() -> None:
    (crossing,) = firewall.crossings(planned("separate"))
    assert (crossing.caller, crossing.callee, crossing.port) == ("web-1", "db-1", 3306)


def test_a_port_for_a_balancer_is_open_to_its_container() -> None:
    plan = planned("balanced")
    balancers = {balancer.container.name for balancer in plan.balancers}
    backends = {(b.container, b.port) for x in plan.balancers for r in x.routes for b in r.backends}
    for crossing in firewall.crossings(plan):
        assert crossing.caller in balancers
        assert (crossing.callee, crossing.port) in backends
    assert firewall.crossings(plan)


def test_the_script_has_the_filter_hold_now_and_before_docker_at_each_boot() -> None:
    (guest, *_) = planned("separate").guests
    script = boot.script("*filter\nCOMMIT\n", guest)
    assert "Before=docker.service" in script
    assert "docker.service.requires" in script
    assert f"\n{firewall.LOAD} {boot.FILTER}\n" in script


def test_a_caller_on_internal_networks_alone_gets_out_to_a_port_that_is_published(
    tmp_path: Path,
) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(
        "guests: {left: {}, right: {}}\n"
        "services:\n"
        "  caller: {image: x, networks: [back]}\n"
        "  other: {image: x, networks: [apart], depends_on: [open]}\n"
        "  open: {image: x, networks: [back, apart], ports: ['80:80']}\n"
        "  foreign: {image: x, networks: [front], ports: ['8081:80']}\n"
        "networks: {back: {internal: true}, apart: {}, front: {}}\n"
        "placement: {caller: left, '*': right}\n"
    )
    plan = plan_file(file, {}, Surroundings(stack="out"))
    assert isinstance(plan, Plan)
    left, right = plan.guests
    (caller,) = left.containers
    source = next(a.address for a in caller.networks if a.network == "isolab-links")
    lines = firewall.rulesets(plan)[left.name].splitlines()
    out = [line for line in lines if "ISOLAB-LEAVE" in line and "ACCEPT" in line]
    assert out == [f"-A ISOLAB-LEAVE -s {source} -d {right.address} -p tcp --dport 80 -j ACCEPT"]
    refused = lines.index(
        "-A ISOLAB-LEAVE -i br-isolab-links -j REJECT --reject-with icmp-admin-prohibited"
    )
    assert lines.index(out[0]) < refused


def test_a_guest_takes_up_its_further_addresses_and_drops_those_of_before() -> None:
    back, front = planned("same-ports").guests
    blue, green = back.further_addresses
    lines = boot.script("", back).splitlines()
    added = [line.split()[3] for line in lines if line.startswith("ip address replace")]
    assert added == [f"{blue}/32", f"{green}/32"]
    assert all(back.mac in line for line in lines if line.startswith("ip address"))
    (drop,) = (n for n, line in enumerate(lines) if "s/replace/delete/" in line)
    assert drop < lines.index(f"cat > {boot.ADDRESSES} <<'end'")
    assert front.further_addresses == ()
    assert "ip address" not in boot.script("", front)
