"""A domain that stands keeps the form of its disks, as long as nothing else of it changes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.guest import stylesheet
from isolab.plan.guest import domain_disks, domain_form, processor
from isolab.plan.model import Guest, GuestImage, Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.transport import Result
from isolab.units import MiB
from machine.deployment.standing import standing
from machine.host.transport import HostTransport

LAB = Path(__file__).parents[1] / "labs/valid/balanced.yaml"
DOMAIN = "isolab-balanced-app-1"
IMAGE = GuestImage(digest="0123456789abcdef", disk="own", virtual_size=MiB(64), prepared=False)
OLD_DISKS = '<disk type="volume"><source pool="p" volume="{}"/></disk>'


def planned(*, kvm: bool = False) -> Plan:
    plan = plan_file(LAB, {}, Surroundings(stack="balanced", kvm=kvm))
    assert isinstance(plan, Plan)
    return plan


def app(plan: Plan) -> Guest:
    return plan.guests[0]


def asked(plan: Plan, **other: Any) -> dict[str, Any]:
    """The inputs of a domain that an isolab made which left its disks to the provider."""
    guest = app(plan)
    cpu = processor.of(guest, plan)
    return {
        "name": DOMAIN,
        "type": "kvm" if plan.kvm else "qemu",
        "memory": guest.memory,
        "vcpu": guest.vcpus,
        "cpu": {"mode": cpu.mode} if cpu.mode else None,
        "xml": {"xslt": f"<s><!-- {cpu.elements} --><d>{cpu.elements}</d></s>"}
        if cpu.elements
        else None,
        "disks": [{"volumeId": disk.volume} for disk in domain_disks.of(guest, plan)],
        **other,
    }


@pytest.fixture
def keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Whether a domain of these inputs, in a file backend's state, keeps its XML."""
    file = tmp_path / ".pulumi/stacks/isolab/balanced.json"
    file.parent.mkdir(parents=True)
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())

    def answer(inputs: dict[str, Any], plan: Plan) -> bool:
        kind = "libvirt:index/domain:Domain"
        made = {"urn": f"urn:pulumi:s::isolab::{kind}::r", "type": kind, "inputs": inputs}
        file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [made]}}}))
        return DOMAIN in standing(plan).keeps_xml

    return answer


@pytest.mark.parametrize("kvm", [False, True])
def test_a_domain_with_the_providers_disks_stays(keeps: Any, kvm: bool) -> None:
    plan = planned(kvm=kvm)
    assert keeps(asked(plan), plan)


@pytest.mark.parametrize(
    "other",
    [
        {"memory": 64},
        {"vcpu": 64},
        {"type": "kvm"},
        {"disks": []},
        {"xml": None},
        {"xml": {"xslt": "<s><cpu mode='custom'><model>Other</model></cpu></s>"}},
        {"xml": {"xslt": "no XML"}},
        {"disks": None},
    ],
    ids=str,
)
def test_one_that_is_replaced_anyway_gets_the_present_form(keeps: Any, other: Any) -> None:
    plan = planned()
    assert not keeps(asked(plan, **other), plan)


def test_one_of_the_present_form_follows_the_stylesheet(keeps: Any) -> None:
    plan = planned()
    guest = app(plan)
    disks = domain_disks.elements(domain_disks.of(guest, plan), plan.pool.path)
    text = stylesheet(processor.of(guest, plan), disks)
    assert not keeps(asked(plan, xml={"xslt": text}), plan)


def test_of_another_backend_libvirt_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned()
    guest = app(plan)
    cpu = processor.of(guest, plan).elements
    disks = len(domain_disks.of(guest, plan)) * OLD_DISKS.format("app-1-root")
    said = {
        "list": f"{DOMAIN}\n",
        "dumpxml": f'<domain type="qemu"><memory unit="KiB">{guest.memory * 1024}</memory>'
        f"<vcpu>{guest.vcpus}</vcpu>{cpu}<devices>{disks}</devices></domain>",
    }
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")

    def run(self: HostTransport, command: list[str], *_: Any) -> Result:
        return Result(stdout=said[command[3]], stderr="", code=0, duration=0)

    monkeypatch.setattr(HostTransport, "run", run)
    assert standing(plan).keeps_xml == {DOMAIN}
    said["dumpxml"] = said["dumpxml"].replace("<source ", "<backingStore/><source ")
    assert standing(plan).keeps_xml == frozenset()
    assert standing(plan).cloud_init_disks == frozenset()
    before = OLD_DISKS.format("app-1-seed.iso")
    said["dumpxml"] = said["dumpxml"].replace("</devices>", f"{before}</devices>")
    assert standing(plan).cloud_init_disks == {DOMAIN}


def test_a_cloud_init_disk_stays_with_its_domain(tmp_path: Path, monkeypatch: Any) -> None:
    plan = planned()
    file = tmp_path / ".pulumi/stacks/isolab/balanced.json"
    file.parent.mkdir(parents=True)
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())
    seed = {"name": domain_disks.seed_before(app(plan))}
    made = [
        {"urn": f"urn:pulumi:s::isolab::{kind}::r", "type": kind, "inputs": inputs}
        for kind, inputs in (
            ("libvirt:index/domain:Domain", asked(plan)),
            ("libvirt:index/cloudInitDisk:CloudInitDisk", seed),
        )
    ]

    def known(resources: list[dict[str, Any]]) -> frozenset[str]:
        file.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))
        return standing(plan).cloud_init_disks

    assert known(made) == {DOMAIN}
    assert known(made[1:]) == frozenset(), "half made: a seed that no domain has is left"
    assert known(made[:1]) == frozenset()


def test_a_domain_that_cannot_be_read_is_taken_as_it_comes() -> None:
    plan = planned()
    assert domain_form.read("") is None
    assert not domain_form.may_stay(None, app(plan), plan)


def test_a_guest_of_ones_own_image_is_built_on_that() -> None:
    plan = planned()
    guest = replace(app(plan), image="own.qcow2", data=None)
    own = replace(plan, images={"own.qcow2": IMAGE}, guests=(guest,))
    root, seed = domain_disks.of(guest, own)
    assert root.backing == "base-0123456789ab"
    assert seed.backing == ""
