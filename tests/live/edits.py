"""Single changes of the reference lab, at least one for every key group of the lab file."""

from collections.abc import Mapping
from pathlib import Path

STACKS = Path(__file__).parents[2] / "stacks"
REFERENCE = (STACKS / "reference.yaml").read_text()
Edit = tuple[tuple[str, str], ...]
"""What to replace in the reference lab file, each once."""

_EXPOSED = REFERENCE[REFERENCE.index("    expose:") :].split("\n", 1)[0] + "\n"
_DB = "    image: isolab/mariadb:1\n"
_WEB = "    image: isolab/guestbook:1\n"
_GUESTS = "guests:\n"
_MEMORY = "    memory: 1GiB\n"
_FOLDER = Path(__file__).parents[1] / "labs" / "compose"


def _web(line: str) -> Edit:
    """A key more for the web service."""
    return ((_WEB, f"{_WEB}    {line}\n"),)


def _db(line: str) -> Edit:
    return ((_DB, f"{_DB}    {line}\n"),)


def _guest(line: str) -> Edit:
    """A key more for the guest."""
    return ((_MEMORY, f"{_MEMORY}    {line}\n"),)


def _whole(stack: str) -> Edit:
    """Another lab altogether."""
    return ((REFERENCE, (STACKS / f"{stack}.yaml").read_text()),)


def _between(start: str, end: str) -> str:
    begin = REFERENCE.index(start)
    return REFERENCE[begin : REFERENCE.index(end, begin)]


EDITS: Mapping[str, Edit] = {
    "description": (("description: One guest", "description: A guest"),),
    "lab's name": (("name: reference", "name: other"),),
    "hardening goes": (("security: hardened", "security: compose"),),
    "hardening goes from one service": _web("x-isolab: {security: compose}"),
    "libvirt": ((_GUESTS, "host: {libvirt: 'qemu+unix:///system'}\nguests:\n"),),
    "virtualization as it is": ((_GUESTS, "host: {virtualization: tcg}\nguests:\n"),),
    "virtualization": ((_GUESTS, "host: {virtualization: kvm}\nguests:\n"),),
    "subnet": ((_GUESTS, "network: {cidr: 10.80.1.0/24}\nguests:\n"),),
    "guest memory": (("memory: 1GiB", "memory: 2GiB"),),
    "guest memory in another unit": (("memory: 1GiB", "memory: 1024MiB"),),
    "vcpus": (("vcpus: 2", "vcpus: 1"),),
    "root disk": (("disk: 8GiB", "disk: 9GiB"),),
    "data disk grows": (("data: 2GiB", "data: 3GiB"),),
    "data disk goes": (("    data: 2GiB\n", ""),),
    "root and data disk": (("disk: 8GiB", "disk: 9GiB"), ("data: 2GiB", "data: 3GiB")),
    "memory and root disk": (("memory: 1GiB", "memory: 2GiB"), ("disk: 8GiB", "disk: 9GiB")),
    "guest more": (("  app:\n", "  app:\n    count: 2\n"),),
    "guest group more": (
        ("guests:\n", "guests:\n  other: {memory: 512MiB}\n"),
        ("services:\n", "placement: {'*': app}\nservices:\n"),
    ),
    "guest group renamed": (("  app:\n", "  shop:\n"),),
    "guest of its own kind": (("services:\n", "  app-1: {memory: 1536MiB}\nservices:\n"),),
    "guest's cpu": _guest("cpu: max"),
    "guest's users": _guest("cloud_init: {users: [{name: alice}]}"),
    "guest's packages": _guest("cloud_init: {packages: [jq]}"),
    "guest's files": _guest("cloud_init: {write_files: [{path: /etc/motd, content: hello}]}"),
    "image": (("isolab/guestbook:1", "isolab/mariadb:1"),),
    "command": _web("command: [serve]"),
    "entrypoint": _web("entrypoint: [/bin/run]"),
    "environment changed": (("DB_NAME: guestbook", "DB_NAME: other"),),
    "environment added": (("      DB_HOST: db\n", "      DB_HOST: db\n      MORE: x\n"),),
    "environment removed": (("      DB_NAME: guestbook\n", ""),),
    "published port": (("8080:8000", "8081:8000"),),
    "port more": (('["8080:8000"]', '["8080:8000", "8443:8443"]'),),
    "port's address": (('["8080:8000"]', '["127.0.0.1:8080:8000"]'),),
    "port of the container": (("8080:8000", "8080:8001"),),
    "exposed port": (("expose: [3306]", "expose: [3307]"),),
    "exposed port gone": ((_EXPOSED, ""),),
    "network more": (
        ("[front, back]", "[front, back, side]"),
        ("  front: {}\n", "  front: {}\n  side: {}\n"),
    ),
    "network left": (("[front, back]", "[front]"),),
    "network alias": (("    networks: [back]\n", "    networks: {back: {aliases: [store]}}\n"),),
    "network opens": (("back: {internal: true}", "back: {}"),),
    "volume more": (
        *_web("volumes: ['pictures:/pictures']"),
        ("  data: {}\n", "  data: {}\n  pictures: {}\n"),
    ),
    "volume's target": (("data:/var/lib/mysql", "data:/var/lib/data"),),
    "volume read-only": (("data:/var/lib/mysql", "data:/var/lib/mysql:ro"),),
    "volume renamed": (
        ("data:/var/lib/mysql", "store:/var/lib/mysql"),
        ("  data: {}\n", "  store: {}\n"),
    ),
    "volume unused": (
        ('    volumes: ["data:/var/lib/mysql"]\n', ""),
        ("volumes:\n  data: {}\n", ""),
    ),
    "secret's content": (("{external: true}", "{content: another}"),),
    "secret's mode": (
        ("    secrets: [db_password]\n", "    secrets: [{source: db_password, mode: 0440}]\n"),
    ),
    "secret's target": (
        (
            "    secrets: [db_password]\n",
            "    secrets: [{source: db_password, target: /run/secrets/other}]\n",
        ),
    ),
    "config more": (
        *_web("configs: [page]"),
        ("volumes:\n  data", "configs: {page: {content: hello}}\n\nvolumes:\n  data"),
    ),
    "folder of the host": _web(f"volumes: ['{_FOLDER}:/labs:ro']"),
    "no network": (
        ("    networks: [front, back]\n", "    network_mode: none\n"),
        ('    ports: ["8080:8000"]\n', ""),
        ("  front: {}\n", ""),
    ),
    "terminal": _web("tty: true"),
    "standard input": _web("stdin_open: true"),
    "container's name": _web("container_name: page"),
    "platform": _web("platform: linux/amd64"),
    "a job": (
        (
            "services:\n",
            "services:\n  job: {image: isolab/guestbook:1, command: ['true'], networks: [front]}\n",
        ),
        (
            "      db: {condition: service_healthy}\n",
            "      db: {condition: service_healthy}\n"
            "      job: {condition: service_completed_successfully}\n",
        ),
    ),
    "profile": _web("profiles: [extra]"),
    "tmpfs": (("/tmp:size=16m", "/tmp:size=8m"),),
    "dependency's condition": (("{condition: service_healthy}", "{condition: service_started}"),),
    "dependency gone": (("    depends_on:\n      db: {condition: service_healthy}\n", ""),),
    "healthcheck's interval": (("interval: 5s", "interval: 7s"),),
    "healthcheck gone": ((_between("    healthcheck:\n", "    deploy:"), ""),),
    "restart": _web("restart: always"),
    "user": _web("user: '1000'"),
    "working directory": _web("working_dir: /tmp"),
    "hostname": _web("hostname: page"),
    "root that is writable": (("    read_only: true\n", ""),),
    "init": _web("init: true"),
    "capability more": _web("cap_add: [NET_BIND_SERVICE]"),
    "capabilities retained": _web("cap_drop: []"),
    "security options": _web("security_opt: []"),
    "ulimits": _web("ulimits: {nofile: 4096}"),
    "sysctls": _web("sysctls: {net.core.somaxconn: 1024}"),
    "labels": _web("labels: {tier: front}"),
    "extra hosts": _web("extra_hosts: ['old:10.0.0.1']"),
    "grace period": (("stop_grace_period: 30s", "stop_grace_period: 40s"),),
    "stop signal": _web("stop_signal: SIGINT"),
    "logging": _web("logging: {driver: json-file, options: {max-size: 1m}}"),
    "memory limit": (("memory: 128M", "memory: 160M"),),
    "memory limit gone": (("memory: 128M, ", ""),),
    "cpus limit": (('cpus: "1.0", pids: 64', 'cpus: "0.6", pids: 64'),),
    "pids limit": (("pids: 64", "pids: 65"),),
    "pids limit gone": ((", pids: 64", ""),),
    "replica more": (
        ("limits: {memory: 256M", "limits: {memory: 200M"),
        (
            "    deploy:\n      resources:\n        limits: {memory: 200M",
            "    deploy:\n      replicas: 2\n      resources:\n        limits: {memory: 256M",
        ),
    ),
    "service more": (
        ("services:\n", "services:\n  agent: {image: isolab/guestbook:1, networks: [front]}\n"),
    ),
    "service renamed": (("  web:\n", "  page:\n"),),
    "service gone": (
        (_between("  web:\n", "  db:\n"), ""),
        ("networks:\n  front: {}\n", "networks:\n"),
    ),
    "placement as it is": (("services:\n", "placement: {'*': app}\nservices:\n"),),
    "service on the host": (
        ("services:\n", "placement: {agent: host, '*': app}\nservices:\n"),
        ("services:\n", "services:\n  agent: {image: isolab/guestbook:1}\n"),
    ),
    "service moved": (
        ("guests:\n", "guests:\n  store: {data: 2GiB}\n"),
        ("services:\n", "placement: {web: app, db: store}\nservices:\n"),
    ),
    "balancer more": (
        ('["8080:8000"]', '["8000"]'),
        (
            "networks:\n  front: {}",
            "balancers: {front: {service: web, listen: 8080}}\nnetworks:\n  front: {}",
        ),
    ),
    "balancer on a guest": (
        ('["8080:8000"]', '["8000"]'),
        ("guests:\n", "guests:\n  edge: {memory: 512MiB}\n"),
        ("services:\n", "placement: {'*': app}\nservices:\n"),
        (
            "networks:\n  front: {}",
            "balancers: {front: {service: web, listen: 8080, "
            "placement: edge}}\nnetworks:\n  front: {}",
        ),
    ),
    "separate guests": _whole("separate"),
    "replicas, a balancer and a cluster": _whole("replicated"),
}


def edited(name: str) -> str:
    """The reference lab file with one of the edits."""
    text = REFERENCE
    for old, new in EDITS[name]:
        assert old in text, f"{name}: {old!r} does not stand in the reference lab"
        text = text.replace(old, new, 1)
    return text
