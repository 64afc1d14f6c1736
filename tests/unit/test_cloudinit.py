"""What guests are told at their first boot."""

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from isolab.plan.guest import cloudinit
from isolab.plan.model import Guest, GuestImage, LabNetwork, Plan, Pool, Registry
from isolab.units import MiB

GUEST = Guest(
    name="app-1",
    group="app",
    domain="isolab-reference-app-1",
    address="10.64.7.11",
    mac="52:54:00:12:34:56",
    memory=MiB(1024),
    vcpus=1,
    disk=MiB(8192),
    data=MiB(2048),
    networks=(),
    volumes=(),
    containers=(),
)
PREPARED = GuestImage(digest="0", disk="/d", virtual_size=MiB(1024), prepared=True)
PUBLISHED = replace(PREPARED, prepared=False)
PLAN = Plan(
    stack="reference",
    name="reference",
    description="",
    libvirt="qemu:///system",
    kvm=False,
    network=LabNetwork(
        name="isolab-reference",
        bridge="isolab0",
        cidr="10.64.7.0/24",
        gateway="10.64.7.1",
        domain="reference.lab",
    ),
    pool=Pool(name="isolab-reference", path="/pool"),
    registry=Registry(name="registry", address="10.64.7.1", port=5000, loopback_port=5001),
    image=PREPARED,
    guests=(GUEST,),
    endpoints=(),
)


def told(image: GuestImage | None) -> dict[str, Any]:
    text = cloudinit.user_data(GUEST, replace(PLAN, image=image), "ssh-ed25519 C", "PRIVATE", "H")
    assert text.startswith("#cloud-config\n")
    return yaml.safe_load(text)


def files(image: GuestImage | None) -> dict[str, dict[str, str]]:
    return {file["path"]: file for file in told(image)["write_files"]}


@pytest.mark.parametrize("image", [PREPARED, PUBLISHED, None])
def test_root_logs_in_by_key_and_the_guest_has_the_pinned_host_key(
    image: GuestImage | None,
) -> None:
    config = told(image)
    assert config["ssh_authorized_keys"] == ["ssh-ed25519 C"]
    assert config["disable_root"] is False
    assert config["ssh_pwauth"] is False
    assert config["ssh_keys"] == {"ed25519_private": "PRIVATE", "ed25519_public": "H"}


def test_a_prepared_image_installs_nothing() -> None:
    assert "runcmd" not in told(PREPARED)
    assert list(files(PREPARED)) == ["/etc/resolv.conf"]


@pytest.mark.parametrize("image", [PUBLISHED, None])
def test_another_image_gets_docker_with_its_settings_and_data_disk(
    image: GuestImage | None,
) -> None:
    (shell, _, script), last = told(image)["runcmd"]
    assert shell == "sh"
    assert "install --yes --no-install-recommends docker.io" in script
    assert "restart docker" in last
    written = files(image)
    daemon = json.loads(written["/etc/docker/daemon.json"]["content"])
    assert "10.0.0.0/8" in daemon["insecure-registries"]
    assert written["/usr/local/lib/isolab/data-disk"]["permissions"] == "0755"
    assert (
        "isolab-data-disk.service"
        in (written["/etc/systemd/system/docker.service.d/data-disk.conf"]["content"])
    )


def test_the_address_is_static_and_found_by_mac() -> None:
    (interface,) = yaml.safe_load(cloudinit.network_config(GUEST, PLAN))["ethernets"].values()
    assert interface["match"] == {"macaddress": GUEST.mac}
    assert interface["addresses"] == ["10.64.7.11/24"]
    assert interface["dhcp4"] is False
    assert interface["gateway4"] == "10.64.7.1"


def test_only_a_prepared_image_does_everything_in_the_first_stage() -> None:
    def stage(image: GuestImage) -> object:
        meta = yaml.safe_load(cloudinit.meta_data(GUEST, replace(PLAN, image=image)))
        return meta.get("dsmode")

    assert stage(PREPARED) == "local"
    assert stage(PUBLISHED) is None


def test_a_guest_with_another_address_is_another_instance() -> None:
    moved = replace(GUEST, address="10.64.7.12")
    first, second = (yaml.safe_load(cloudinit.meta_data(guest, PLAN)) for guest in (GUEST, moved))
    assert first["instance-id"] != second["instance-id"]
    assert first["local-hostname"] == second["local-hostname"] == "app-1"


def test_the_same_guest_is_told_the_same() -> None:
    assert told(PUBLISHED) == told(PUBLISHED)
    assert cloudinit.meta_data(GUEST, PLAN) == cloudinit.meta_data(GUEST, PLAN)
