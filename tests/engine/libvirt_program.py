"""A pool, disks, a network, a seed and a domain, with one thing at a time changed by a scenario."""

import json
from pathlib import Path

import pulumi
import pulumi_libvirt as libvirt
import resource_options

scenario = json.loads(Path("scenario.json").read_text())
resource_options.apply(scenario)
place = json.loads(Path("place.json").read_text())
GIB = 2**30

provider = libvirt.Provider("host", uri=place["uri"])
options = pulumi.ResourceOptions(provider=provider)
pool = libvirt.Pool(
    "pool", name=place["pool"], type="dir", target={"path": place["path"]}, opts=options
)
base = libvirt.Volume(
    "base",
    name=place["base"],
    pool=pool.name,
    source=scenario.get("source", place["source"]),
    format=scenario.get("format", "qcow2"),
    opts=options,
)
root = libvirt.Volume(
    "root",
    name=place["root"],
    pool=pool.name,
    base_volume_id=base.id,
    size=scenario.get("size", 2 * GIB),
    opts=options,
)
data = libvirt.Volume(
    "data",
    name=place["data"],
    pool=pool.name,
    size=64 * 2**20,
    format="qcow2",
    opts=options,
)
network = libvirt.Network(
    "net",
    name=place["net"],
    mode="nat",
    bridge=place["bridge"],
    addresses=[place["cidr"]],
    domain=place["domain"],
    autostart=True,
    dhcp={"enabled": True},
    dns={
        "enabled": True,
        "local_only": True,
        "hosts": scenario.get("dns", [{"hostname": place["hostname"], "ip": place["address"]}]),
    },
    opts=options,
)
seed = libvirt.CloudInitDisk(
    "seed",
    name=place["seed"],
    pool=pool.name,
    user_data=pulumi.Output.secret(scenario["secret"])
    if "secret" in scenario
    else scenario.get("user_data", "#cloud-config\nhostname: a\n"),
    meta_data="instance-id: a\n",
    network_config="version: 2\n",
    opts=options,
)
libvirt.Domain(
    "dom",
    name=place["dom"],
    type="qemu",
    memory=scenario.get("dom_memory", 128),
    vcpu=scenario.get("vcpu", 1),
    cloudinit=seed.id,
    machine="pc",
    cpu={"mode": "maximum"},
    autostart=scenario.get("autostart", True),
    running=scenario.get("running", True),
    disks=[{"volume_id": root.id}, {"volume_id": data.id}],
    network_interfaces=[
        {
            "network_id": network.id,
            "addresses": [place["address"]],
            "mac": place["mac"],
            "hostname": "a",
        }
    ],
    consoles=[{"type": "pty", "target_port": "0", "target_type": "serial"}],
    # As in the components: the official plugin reads the addresses that a guest has asked for.
    opts=pulumi.ResourceOptions.merge(
        options, pulumi.ResourceOptions(ignore_changes=["networkInterfaces"])
    ),
)
