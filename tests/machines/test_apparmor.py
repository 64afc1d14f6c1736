"""Where AppArmor is in force, a guest starts, and what it opens is all that its profile needs."""

from pathlib import Path

import apparmor_vm
import domains
import pytest

from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from machine.setup import network_hook

pytestmark = pytest.mark.long

REFERENCE = Path(__file__).parents[2] / "stacks/reference.yaml"
RUN = Path(__file__).with_name("apparmor_run.sh")
POOL = "/var/lib/libvirt/isolab/test"
PASSES_ON = {
    "xslt": '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><xsl:copy-of select="."/></xsl:template></xsl:stylesheet>'
}
"""A stylesheet that leaves a domain as the provider writes it."""
HARMLESS = 'profile="virt-aa-helper"'
"""Of what the helper may not look into the profile has a line all the same."""
NETWORK = """<network><name>a-lab</name><bridge name="virbr8"/><domain name="test.isolab"/>
<dns><host ip="10.99.81.1"><hostname>5000.internet.reach.test.isolab</hostname></host></dns>
<ip address="10.99.81.1" netmask="255.255.255.0"/></network>"""


def hooks() -> dict[str, str]:
    """libvirt's hooks, and a network that they see to."""
    return {
        network_hook.HOOK.name: network_hook.SOURCE.read_text(),
        network_hook.STARTER.name: network_hook.STARTER_SOURCE.read_text(),
        "lab-network.xml": NETWORK,
    }


def given() -> dict[str, str]:
    """The reference lab's domain from each set of plugins, with and without its stylesheet."""
    plan = plan_file(REFERENCE, {}, Surroundings(stack="test"))
    assert isinstance(plan, Plan)
    (inputs,) = domains.asked_of(plan, REFERENCE.parent)
    bare = {**inputs, "xml": PASSES_ON}
    texts = {
        "airgap": domains.from_airgap(inputs),
        "official": domains.from_official(inputs),
        "bare-airgap": domains.from_airgap(bare),
        "bare-official": domains.from_official(bare).replace("a-pool", plan.pool.name),
    }
    return {f"{name}.domain": text for name, text in texts.items()}


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_a_guest_starts_where_apparmor_confines_it(release: apparmor_vm.Release) -> None:
    if why := apparmor_vm.unable(release):
        pytest.skip(why)
    machine = apparmor_vm.image(release)
    files = {"run.sh": RUN.read_text(), **hooks(), **given()}
    said = apparmor_vm.answers(machine, files, timeout=330)
    facts = [line.split("=", 1) for line in said.splitlines() if "=" in line]

    def all_of(name: str) -> list[str]:
        return [value.strip() for key, value in facts if key == name]

    assert all_of("end") == ["yes"], said
    assert (all_of("apparmor"), all_of("model")) == (["Y"], ["apparmor"]), said
    assert all_of("mode") == ["711"]
    assert all_of("hook.start") == [], "libvirt refused the network"
    assert all_of("hook.table") == ["table inet isolab-virbr8"], said
    assert all_of("hook.left") == [""]
    assert "ps --all" in all_of("hook.docker")[0], "the hook that starts containers was refused"
    assert all_of("hook.denied") == []
    for name in ("airgap", "official"):
        assert all_of(f"{name}.state") == ["running"], said
        assert f'"{POOL}/base" rk,' in all_of(f"{name}.profile")
        denied = [line for line in all_of(f"{name}.denied") if HARMLESS not in line]
        assert denied == [], "QEMU was refused something"
    for name in ("bare-airgap", "bare-official"):
        # The control: AppArmor does refuse in there.
        assert "Permission denied" in all_of(f"{name}.start")[0], said
        assert any(f'name="{POOL}/base"' in line for line in all_of(f"{name}.denied")), said
