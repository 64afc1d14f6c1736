"""A small lab of one domain that boots nothing and one container, changed a little every time."""

import json
from pathlib import Path

import pulumi
import pulumi_docker as docker
import pulumi_libvirt as libvirt

scenario = json.loads(Path("scenario.json").read_text())
place = json.loads(Path("place.json").read_text())
host = pulumi.ResourceOptions(provider=libvirt.Provider("host", uri="qemu:///system"))
daemon = pulumi.ResourceOptions(provider=docker.Provider("docker", host=place["docker"]))

pool = libvirt.Pool("pool", name="fid-pool", type="dir", target={"path": place["path"]}, opts=host)
base = libvirt.Volume(
    "base", name="fid-base", pool=pool.name, source=place["source"], format="qcow2", opts=host
)
root = libvirt.Volume(
    "root",
    name="fid-root",
    pool=pool.name,
    base_volume_id=base.id,
    size=scenario.get("size", 2) * 2**30,
    opts=host,
)
seed = libvirt.CloudInitDisk(
    "seed",
    name="fid-seed.iso",
    pool=pool.name,
    user_data=f"#cloud-config\nhostname: {scenario.get('hostname', 'a')}\n",
    opts=host,
)
network = libvirt.Network(
    "net",
    name="fid-net",
    mode="nat",
    bridge="virbr79",
    addresses=["10.77.3.0/24"],
    dhcp={"enabled": True},
    dns={"enabled": True, "hosts": [{"hostname": scenario.get("peer", "a"), "ip": "10.77.3.9"}]},
    opts=host,
)
libvirt.Domain(
    "dom",
    name="fid-a",
    type="qemu",
    machine="pc",
    memory=scenario.get("memory", 32),
    autostart=scenario.get("autostart", False),
    cloudinit=seed.id,
    disks=[{"volume_id": root.id}],
    network_interfaces=[
        {"network_id": network.id, "mac": "52:54:00:77:03:11", "addresses": ["10.77.3.11"]}
    ],
    opts=host,
)
front = docker.Network(
    "front", name="fid-front", labels=[{"label": "n", "value": scenario.get("label", "a")}],
    opts=daemon,
)  # fmt: skip
volume = docker.Volume("dv", name="fid-dv", opts=daemon)
image = docker.RemoteImage("im", name=place["image"], keep_locally=True, opts=daemon)
docker.Container(
    "web",
    name="fid-web",
    image=image.image_id,
    memory=scenario.get("limit", 32),
    memory_swap=scenario.get("limit", 32),
    envs=[f"N={scenario.get('n', 0)}"],
    networks_advanced=[{"name": front.name}],
    volumes=[{"volume_name": volume.name, "container_path": "/data"}],
    restart="unless-stopped",
    stop_signal="SIGKILL",
    opts=daemon,
)
