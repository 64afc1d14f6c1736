"""The program behind the records of the plugin `docker`; a scenario changes one thing at a time."""

import json
from pathlib import Path

import pulumi
import pulumi_docker as docker
import resource_options

s = json.loads(Path("scenario.json").read_text())
resource_options.apply(s)
place = json.loads(Path("place.json").read_text())
given = {
    name: pulumi.Output.secret(value) if name == "key_material" else value
    for name, value in place["provider"].items()
}
provider = docker.Provider("docker", **given)
inside = pulumi.ResourceOptions(provider=provider)
network = docker.Network(
    "dn",
    name=f"{place['prefix']}-dn",
    driver="bridge",
    internal=s.get("internal", False),
    labels=[{"label": "isolab", "value": "x"}],
    ipam_configs=[{"subnet": place["subnet"]}],
    opts=inside,
)
volume = docker.Volume(
    "dv", name=f"{place['prefix']}-dv", labels=[{"label": "isolab", "value": "x"}], opts=inside
)
image = docker.RemoteImage(
    "im", name=s.get("image", "127.0.0.1:5000/tiny:1").replace("127.0.0.1:5000", place["registry"]),
    keep_locally=s.get("keep", True), opts=inside,
)  # fmt: skip
if s.get("container", True):
    inputs = dict(
        name="fid-web",
        image=image.image_id if s.get("by_id", True) else image.repo_digest,
        memory=s.get("mem", 64),
        memory_swap=s.get("swap", place.get("swap")),
        cpus=s.get("cpus"),
        envs=pulumi.Output.secret([s["secret"]]) if "secret" in s else s.get("envs", ["A=1"]),
        command=s.get("command"),
        ports=[{"internal": 80, "external": s.get("port", 18077), "ip": "127.0.0.1"}],
        networks_advanced=[{"name": network.name, "aliases": s.get("aliases", ["web"])}],
        volumes=[{"volume_name": volume.name, "container_path": "/data"}],
        restart=s.get("restart", "unless-stopped"),
        read_only=True,
        tmpfs={"/tmp": "size=8m"},
        hosts=[{"host": "peer", "ip": "10.77.1.12"}],
        capabilities={
            "drops": ["ALL"],
            "adds": s.get("adds", place.get("adds", ["NET_BIND_SERVICE"])),
        },
        security_opts=["no-new-privileges:true"],
        user=s.get("user"),
        hostname="web",
        ulimits=[{"name": "nofile", "soft": 1024, "hard": 2048}],
        init=True,
        log_driver="json-file",
        log_opts={"max-size": "1m"},
        labels=[{"label": "lab.service", "value": s.get("label", "web")}],
        destroy_grace_seconds=2,
        stop_timeout=2,
        healthcheck={
            "tests": ["CMD", "/bin/busybox", s.get("health", "true")],
            "interval": "2s",
            "timeout": "1s",
            "retries": 2,
        },
        wait=True,
        wait_timeout=20,
    )
    inputs |= dict.fromkeys(s.get("without", []))
    docker.Container("web", **inputs, opts=inside)
for n in range(s.get("many", 0)):
    docker.Container(
        f"many-{n}",
        name=f"fid-many-{n}",
        image=image.image_id,
        command=["sleep", "600"],
        memory=16,
        memory_swap=16,
        cpus="0.5",
        working_dir="/tmp",
        mounts=[{"type": "bind", "source": "/etc", "target": "/host", "read_only": True}],
        uploads=[{"file": "/tmp/x.conf", "content": "a\n"}],
        stop_signal="SIGKILL",
        sysctls={"net.ipv4.ip_unprivileged_port_start": "0"},
        group_adds=["12"],
        opts=inside,
    )
