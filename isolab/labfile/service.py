"""One service, as the Compose Specification writes it."""

from isolab.labfile import parts, scalars
from isolab.labfile.node import Fields, Node, many
from isolab.model import Limits, Service, VolumeMount
from isolab.units import Seconds

KEYS = [
    "image",
    "command",
    "entrypoint",
    "environment",
    "ports",
    "expose",
    "networks",
    "volumes",
    "tmpfs",
    "depends_on",
    "healthcheck",
    "restart",
    "user",
    "working_dir",
    "hostname",
    "read_only",
    "init",
    "cap_add",
    "cap_drop",
    "security_opt",
    "ulimits",
    "sysctls",
    "labels",
    "extra_hosts",
    "stop_grace_period",
    "stop_signal",
    "logging",
    "secrets",
    "configs",
    "deploy",
    "mem_limit",
    "cpus",
    "pids_limit",
    "scale",
]
_DEFAULT = Service(name="", image="")
_TEXTS = many(scalars.filled)


def service(name: str, node: Node) -> Service:
    """What the file says of one service; every key that isolab does not know is refused."""
    scalars.check_compose_name(node, name, "a service")
    with Fields(node, KEYS, "a service") as fields:
        replicas, limits = fields.get("deploy", parts.deploy, (None, Limits())) or (None, Limits())
        volumes = fields.get("volumes", many(parts.volume), ()) or ()
        logging = fields.get("logging", parts.logging, ("", {})) or ("", {})
        made = Service(
            name=name,
            image=fields.need("image", scalars.filled, f"isolab/{name}:1"),
            replicas=replicas or fields.get("scale", scalars.integer(1, 100), 1),
            command=fields.get("command", scalars.command, None),
            entrypoint=fields.get("entrypoint", scalars.command, None),
            environment=fields.get("environment", scalars.table(), {}),
            ports=fields.get("ports", many(parts.port), ()),
            expose=fields.get("expose", many(parts.exposed), ()),
            networks=fields.get("networks", parts.networks, {}),
            volumes=tuple(v for v in volumes if isinstance(v, VolumeMount)),
            files=(
                *(fields.get("secrets", many(parts.secret), ()) or ()),
                *(fields.get("configs", many(parts.config), ()) or ()),
            ),
            tmpfs=(
                *(fields.get("tmpfs", scalars.one_or_many(parts.tmpfs), ()) or ()),
                *(v for v in volumes if isinstance(v, str)),
            ),
            depends_on=fields.get("depends_on", parts.depends_on, {}),
            healthcheck=fields.get("healthcheck", parts.healthcheck, None),
            restart=fields.get("restart", _restart, _DEFAULT.restart),
            user=fields.get("user", scalars.text, ""),
            working_dir=fields.get("working_dir", scalars.text, ""),
            hostname=fields.get("hostname", scalars.text, ""),
            read_only=fields.get("read_only", scalars.flag, False),
            init=fields.get("init", scalars.flag, False),
            cap_add=fields.get("cap_add", _TEXTS, ()),
            cap_drop=fields.get("cap_drop", _TEXTS, _DEFAULT.cap_drop),
            security_opt=fields.get("security_opt", _TEXTS, _DEFAULT.security_opt),
            ulimits=fields.get("ulimits", parts.ulimits, ()),
            sysctls=fields.get("sysctls", scalars.table(), {}),
            labels=fields.get("labels", scalars.table(), {}),
            extra_hosts=fields.get("extra_hosts", scalars.table("=:"), {}),
            stop_grace_period=fields.get("stop_grace_period", scalars.duration, Seconds(10.0)),
            stop_signal=fields.get("stop_signal", scalars.text, ""),
            logging_driver=logging[0],
            logging_options=logging[1],
            limits=Limits(
                memory=fields.get("mem_limit", scalars.compose_size, limits.memory),
                cpus=fields.get("cpus", scalars.cpus, limits.cpus),
                pids=fields.get("pids_limit", parts.pids_limit, limits.pids),
            ),
        )
    return made


def _restart(node: Node) -> str:
    if node.value is False:
        return "no"
    return scalars.choice("no", "always", "on-failure", "unless-stopped")(node)
