"""A consumer of the package `isolab`: a lab beside what the program has of its own.

The guest's domain does not run, and its containers run here instead of on it: what only a guest
has is replaced by the transform, which sees the resources inside the package too.
"""

import json
from pathlib import Path
from typing import Any

import pulumi

place = json.loads(Path("place.json").read_text())
wanted = json.loads(Path("scenario.json").read_text())
SLEEP = ["/bin/busybox", "sh", "-c", "exec sleep 900"]
READS = "cat >/dev/null"


class Lab(pulumi.ComponentResource):
    """What a generated SDK has."""

    endpoints: pulumi.Output[dict[str, str]]
    addresses: pulumi.Output[dict[str, str]]
    sshCommands: pulumi.Output[dict[str, str]]
    plan: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, Any]) -> None:
        outputs = dict.fromkeys(("endpoints", "addresses", "sshCommands", "plan"))
        super().__init__("isolab:index:Lab", name, {**outputs, **inputs}, None, remote=True)


def on_this_machine(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """The inputs of a resource with what only a guest has replaced."""
    props = dict(args.props)
    match args.type_:
        case "libvirt:index/domain:Domain":
            props["running"] = False
        case "libvirt:index/volume:Volume" if args.name.endswith("-base"):
            props["source"] = place["disk"]
        case "command:remote:Command":
            props |= {"create": READS, "connection": pulumi.Output.secret(place["connection"])}
            props.pop("delete", None)
        case "command:local:Command":
            props["create"] = READS
            props.pop("delete", None)
        case "pulumi:providers:docker" if args.name != "lab-host-docker":
            props["host"] = place["docker"]
            props.pop("sshOpts", None)
        case "docker:index/remoteImage:RemoteImage":
            props["name"] = f"{place['registry']}/tiny:1"
        case "docker:index/container:Container":
            props["entrypoints"] = SLEEP
            for name in ("wait", "cgroupParent"):
                props.pop(name, None)
            if "-registry" in args.name:
                props["image"] = place["image"]
                props["mounts"] = [{**each, "source": place["folder"]} for each in props["mounts"]]
        case _:
            return None
    # The SDK cannot give back options with a replacement trigger; without any they stay.
    return pulumi.ResourceTransformResult(props, None)  # type: ignore[arg-type]


if place:
    pulumi.runtime.register_resource_transform(on_this_machine)
lab = Lab(
    wanted.get("name", "lab"), {"seed": pulumi.Output.secret("5eed" * 16), **wanted["inputs"]}
)
seen = {"endpoints": lab.endpoints, "addresses": lab.addresses}
# Only what is known: in a preview too.
pulumi.Output.all(**seen).apply(lambda found: Path("seen.json").write_text(json.dumps(found)))
pulumi.export("endpoints", lab.endpoints)
pulumi.export("addresses", lab.addresses)
pulumi.export("ssh", lab.sshCommands)
