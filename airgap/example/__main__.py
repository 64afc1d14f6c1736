"""What other programs look like with the airgap plugins: just as with the official ones."""

import pulumi
import pulumi_docker as docker
import pulumi_libvirt as libvirt
from pulumi_command import local

host = pulumi.ResourceOptions(provider=libvirt.Provider("host", uri="qemu:///system"))
daemon = pulumi.ResourceOptions(
    provider=docker.Provider("docker", host="unix:///var/run/docker.sock")
)

network = libvirt.Network(
    "guests",
    name="airgap-example",
    mode="nat",
    addresses=["10.77.9.0/24"],
    dhcp={"enabled": True},
    dns={"enabled": True, "hosts": [{"hostname": "registry", "ip": "10.77.9.1"}]},
    opts=host,
)
data = docker.Volume("data", name="airgap-example", opts=daemon)
front = docker.Network("front", name="airgap-example", opts=daemon)
kernel = local.Command("kernel", create="uname -r")

pulumi.export("bridge", network.bridge)
pulumi.export("data", data.mountpoint)
pulumi.export("kernel", kernel.stdout)
