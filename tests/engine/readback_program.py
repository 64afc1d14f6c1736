"""One container for each case: what its inputs become once a daemon has read them back."""

import json
from pathlib import Path

import pulumi
import pulumi_docker as docker

cases = json.loads(Path("scenario.json").read_text())
place = json.loads(Path("place.json").read_text())
provider = docker.Provider("docker", host=place["host"])
inside = pulumi.ResourceOptions(provider=provider)
image = docker.RemoteImage(
    "image", name=f"{place['registry']}/tiny:1", keep_locally=True, opts=inside
)
networks = {
    "open": docker.Network("open", name="isolab-readback", driver="bridge", opts=inside),
    "fixed": docker.Network(
        "fixed",
        name="isolab-readback-fixed",
        driver="bridge",
        internal=True,
        ipam_configs=[{"subnet": "172.31.79.0/24"}],
        options={
            "com.docker.network.bridge.name": "br-readback",
            "com.docker.network.bridge.enable_icc": "false",
        },
        opts=inside,
    ),
}
volume = docker.Volume("volume", name="isolab-readback", opts=inside)
for name, case in cases.items():
    given = {"command": ["sleep", "900"], "restart": "unless-stopped", "stop_timeout": 1} | case
    attached = [{**each, "name": networks[each["name"]].name} for each in given.pop("networks", [])]
    docker.Container(
        name,
        name=f"isolab-readback-{name}",
        image=image.image_id,
        networks_advanced=attached or None,
        destroy_grace_seconds=1,
        **given,
        opts=pulumi.ResourceOptions(provider=provider, depends_on=[volume]),
    )
