"""One guest of a lab, by isolab's own components, on this machine's libvirtd and dockerd.

The guest's domain does not run, and its containers run here instead of on it: their images, the
programs in them and the ways into the guest are stand-ins. All else is handed over as it is.
"""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi

from components.lab import Lab
from isolab.plan.model import HOST, GuestImage, Plan, Surroundings
from isolab.plan.read import plan_file
from machine.deployment.standing import standing
from machine.images.service_images import RegistryFiles
from machine.keys import KeyFiles

place = json.loads(Path("place.json").read_text())
wanted = json.loads(Path("scenario.json").read_text())
SLEEP = ["/bin/busybox", "sh", "-c", "exec sleep 900"]
"""Whatever a container's command is, it becomes what the shell does not look at."""
READS = "cat >/dev/null"
"""In the place of every command: takes what it is given, and does nothing."""
MOST_CPUS = 2.0


def part(plan: Plan, name: str) -> Plan:
    """The lab as if it had one guest alone."""
    here = (HOST, name)
    return replace(
        plan,
        guests=tuple(guest for guest in plan.guests if guest.name == name),
        balancers=tuple(b for b in plan.balancers if b.container.guest in here),
    )


def with_the_providers_disks(stylesheet: str) -> str:
    """The stylesheet of domains that were made before it wrote their disks."""
    return re.sub("<disk .*</disk>", "", stylesheet).replace("[not(self::disk)]", "")


def on_this_machine(args: pulumi.ResourceTransformationArgs) -> Any:
    """The inputs of a resource with what only a guest has replaced."""
    props, opts = args.props, args.opts
    match args.type_:
        case "libvirt:index/domain:Domain":
            props["running"] = False
            if wanted.get("older"):
                props["xml"] = {"xslt": with_the_providers_disks(props["xml"]["xslt"])}
        case "command:remote:Command":
            connection = pulumi.Output.secret(place["connection"])
            props |= {"create": READS, "delete": None, "connection": connection}
        case "command:local:Command":
            props |= {"create": READS, "delete": None}
        case "pulumi:providers:docker":
            props |= {"host": place["docker"], "ssh_opts": None}
        case "docker:index/remoteImage:RemoteImage":
            props["name"] = f"{place['registry']}/tiny:1"
        case "docker:index/container:Container":
            props |= {"entrypoints": SLEEP, "wait": None, "cgroup_parent": None}
            if props.get("cpus") and float(props["cpus"]) > MOST_CPUS:
                props["cpus"] = "2.0"
            # A sandbox has not all capabilities, and none of a guest's disks and groups.
            props["privileged"] = None
            if props.get("devices"):
                props["devices"] = [{**each, "host_path": "/dev/zero"} for each in props["devices"]]
            if props.get("group_adds"):
                props["group_adds"] = [
                    each if each.isdigit() else "44" for each in props["group_adds"]
                ]
            if not str(props.get("user") or "0").replace(":", "").isdigit():
                props["user"] = "1000"
    return pulumi.ResourceTransformationResult(props, opts)


plan = plan_file(Path(wanted["lab"]), {}, Surroundings(stack="test"))
assert isinstance(plan, Plan), plan
plan = part(plan, wanted["guest"])
for guest in plan.guests:
    for address in guest.addresses:
        subprocess.run(["ip", "address", "replace", f"{address}/32", "dev", "lo"], check=True)
made = standing(plan)
if wanted.get("cloud_init_disk"):
    made = replace(made, cloud_init_disks=frozenset(guest.domain for guest in plan.guests))
pulumi.runtime.register_stack_transformation(on_this_machine)
Lab(
    "test",
    plan=plan,
    image=GuestImage(
        digest="", disk=place["disk"], virtual_size=64, prepared=True,
        kernel=place["kernel"], initrd=place["initrd"], arguments=("root=/dev/vda", "ro"),
    ),
    seed=wanted.get("seed", "0") * 64,
    keys=KeyFiles(
        identity=Path("id"), known_hosts=Path("known_hosts"),
        seeds=Path(wanted.get("seeds", "seeds")),
    ),
    registry=RegistryFiles(image=place["image"], storage=place["folder"]),
    folder=Path(wanted["lab"]).parent,
    standing=made,
)  # fmt: skip
