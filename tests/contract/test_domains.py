"""What reaches libvirt is the same from each set of plugins, and its AppArmor driver can use it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import domains
import pytest

from airgap.libvirt.xml import parse, transformed
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("xsltproc"), reason="needs xsltproc"),
]

REPO = Path(__file__).parents[2]
LABS = sorted([*(REPO / "stacks").glob("*.yaml"), *(REPO / "tests/labs/valid").glob("*.yaml")])
POOL = "/var/lib/libvirt/isolab/test"
SETS = {"airgap": domains.from_airgap, "official": domains.from_official}


def plan_of(lab: Path, *, kvm: bool = False) -> Plan:
    plan = plan_file(lab, {}, Surroundings(stack="test", kvm=kvm))
    assert isinstance(plan, Plan), lab
    return plan


def written(lab: Path, *, kvm: bool = False) -> Iterator[dict[str, Any]]:
    """Each domain of a lab, by the set of plugins that hands it over."""
    for inputs in domains.asked_of(plan_of(lab, kvm=kvm), lab.parent):
        yield {name: parse(write(inputs)) for name, write in SETS.items()}


def plain(root: Any) -> list[Any]:
    """An element without the blanks between its children."""
    return [
        root.tag,
        dict(root.attrib),
        (root.text or "").strip(),
        sorted((plain(child) for child in root), key=str),
    ]


@pytest.mark.parametrize("kvm", [False, True], ids=["emulated", "kvm"])
@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.stem)
def test_both_sets_hand_over_disks_that_are_files_and_name_their_base(lab: Path, kvm: bool) -> None:
    for domain in written(lab, kvm=kvm):
        assert plain(domain["official"]) == plain(domain["airgap"])
        holds(domain["official"])


def holds(domain: Any) -> None:
    """What libvirt's drivers for security need of a domain, and one processor."""
    disks = domain.findall("devices/disk")
    for disk in disks:
        assert disk.get("type") == "file"
        assert Path(disk.find("source").get("file")).parent == Path(POOL)
        *_, end = disk.iter("backingStore")
        assert len(end) == 0, "libvirt would look for what else there is"
    assert disks[0].find("target").get("dev") == "vda"
    assert disks[0].find("backingStore/source").get("file").startswith(f"{POOL}/base")
    assert [len(domain.findall(name)) for name in ("cpu", "features")] == [1, 1]


@pytest.mark.skipif(not domains.HELPER.exists(), reason="needs libvirt's virt-aa-helper")
def test_a_guests_profile_has_each_of_its_files() -> None:
    """From the XML alone: none of these files is there for the helper to look into."""
    for domain in (d for lab in LABS for d in written(lab)):
        text = domains.text(domain["official"])
        disks = [disk.find("source").get("file") for disk in domain["official"].iter("disk")]
        bases = [each.get("file") for each in domain["official"].iterfind(".//backingStore/source")]
        boot = [domain["official"].findtext(f"os/{name}") for name in ("kernel", "initrd")]
        expected = {f'"{file}" rwk' for file in disks} | {f'"{file}" rk' for file in bases}
        expected |= {f'"{file}" r' for file in boot if file}
        assert expected <= domains.allowed(text, (POOL, "/nowhere"))


@pytest.mark.skipif(not domains.HELPER.exists(), reason="needs libvirt's virt-aa-helper")
def test_the_helper_knows_no_disk_that_is_a_volume_and_no_base_that_is_not_named() -> None:
    """The control: what the domains would be without their stylesheet."""
    (inputs, *_) = domains.asked_of(plan_of(REPO / "stacks/reference.yaml"), REPO / "stacks")
    bare = {**inputs, "xml": {"xslt": PASSES_ON}}
    files = domains.allowed(domains.from_airgap(bare), (POOL, "/nowhere"))
    assert f'"{POOL}/app-1-root" rwk' in files
    assert f'"{POOL}/base" rk' not in files
    volumes = domains.allowed(domains.from_official(bare), (POOL, "/nowhere"))
    assert f'"{POOL}/kernel" r' in volumes
    assert f'"{POOL}/app-1-root" rwk' not in volumes


PASSES_ON = """\
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/"><xsl:copy-of select="."/></xsl:template>
</xsl:stylesheet>
"""


def test_the_hosts_services_wait_for_the_labs_registry() -> None:
    """Their Docker is there before it; a guest's is not."""
    lab = REPO / "tests/labs/valid/on-host.yaml"
    plan = plan_of(lab)
    hosted = [f"host-{c.service}-image" for c in plan.host_containers]
    order = domains.order_of(plan, lab.parent)
    assert hosted
    assert all(order.index("test-host-registry-answers") < order.index(name) for name in hosted)


PROVIDERS_OWN = """<volume><name>a</name><capacity unit="bytes">9</capacity><target>
<format type="qcow2"/><permissions><mode>644</mode></permissions></target>
<backingStore><path>/base</path><format type="qcow2"/></backingStore></volume>"""


def test_volumes_with_a_guests_keys_and_data_are_read_by_nobody_else() -> None:
    lab = REPO / "stacks/reference.yaml"
    volumes = domains.volumes_of(plan_of(lab), lab.parent)
    own = {name: inputs for name, inputs in volumes.items() if name.startswith("app-1-")}
    assert own.keys() == {"app-1-root", "app-1-data", "app-1-seed"}
    for inputs in own.values():
        written = parse(transformed(parse(PROVIDERS_OWN), inputs))
        assert [mode.text for mode in written.iter("mode")] == ["0600"]
        written.find("target/permissions/mode").text = "644"
        assert plain(written) == plain(parse(PROVIDERS_OWN))
