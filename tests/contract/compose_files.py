"""Compose files made from a grammar: for each key of a service the forms that it may have."""

from collections.abc import Iterator
from random import Random

FILES = 320
MERGES = 320
FORMS: dict[str, tuple[str, ...]] = {
    "command": (
        "[serve, --port, '8000']",
        "serve --port 'two words'",
        "[]",
        "sh -c 'a; b' && c",
        '[echo, "$$HOME"]',
    ),
    "entrypoint": ("[/bin/run]", "/bin/run --fast", '/bin/run "a\\nb" c\\ d 2>&1', "null"),
    "environment": (
        "{A: b, NUMBER: 1, FLAG: true, EMPTY: '', UNSET: }",
        "[A=b, 'C=d e', UNSET, E=]",
        "[A=b, E=, A=c]",
        '{A: "$$B", C: "${NOT_SET:-x}", D: "${NOT_SET-}"}',
        "\n      RELEASE: ${NOT_SET:-24.10}\n      BUILD: ${NOT_SET:-12345e6}",
        "\n      HOME: ${NOT_SET:-}\n      DEBUG: ${NOT_SET:-True}\n      NO: ${NOT_SET:-null}",
        "{OCTAL: 0755, Z: 007}",
        "{N: 1.5, HEX: 0x10, YES: yes, TIME: 22:22}",
    ),
    "ports": (
        "['8080:80']",
        "[80, '3000-3002:3000-3002']",
        "['127.0.0.1:8081:80/udp']",
        "['127.0.0.1:8083:80', '127.0.0.2:8083:80']",
        "[{target: 80, published: 8082, protocol: tcp}]",
    ),
    "expose": ("[80, '90']", "['3000-3002']", "[53/udp, 80-81/tcp]"),
    "networks": (
        "[front]",
        "{front: {aliases: [www]}, back: }",
        "[back, front]",
        "{front: {ipv4_address: 172.28.0.9}}",
    ),
    "volumes": (
        "['data:/data']",
        "['data:/data:ro', /anonymous]",
        "[{type: volume, source: data, target: /srv, read_only: true}]",
        "[{type: tmpfs, target: /scratch, tmpfs: {size: 16m}}]",
        "[{type: tmpfs, target: /scratch, tmpfs: {size: 16m, mode: 01777}}]",
    ),
    "tmpfs": ("/run", "[/run, '/tmp:size=16m']"),
    "healthcheck": (
        "{test: 'true', interval: 5s}",
        "{test: [CMD, check], interval: 1m30s, timeout: 500ms, retries: 4, start_period: 1h}",
        "{disable: true}",
        "{test: 'true', retries: 010}",
        "{test: [NONE]}",
    ),
    "deploy": (
        "{replicas: 2}",
        "{resources: {limits: {memory: 64M, cpus: '0.5', pids: 20}}}",
        "{mode: replicated, restart_policy: {condition: on-failure, max_attempts: 3, delay: 5s}}",
        "{restart_policy: {}, resources: {reservations: {memory: 32M, cpus: '0.1'}}}",
        "{restart_policy: {condition: none}}",
        "{mode: global}",
    ),
    "mem_limit": ("64m", "1gb", "134217728"),
    "cpus": ("0.5", "'1.5'", "2"),
    "env_file": ("one.env", "[one.env, two.env]"),
    "pids_limit": ("100", "'100'"),
    "restart": ("always", "'no'", "on-failure:3", "unless-stopped"),
    "user": ("'1000:1000'", "'1000'", "nobody"),
    "working_dir": ("/srv",),
    "privileged": ("true", "false"),
    "pid": ("host",),
    "ipc": ("host", "shareable"),
    "cgroup": ("private",),
    "devices": ("['/dev/net/tun']", "['/dev/a:/dev/b:r', '/dev/c:/dev/d']"),
    "domainname": ("example.org",),
    "group_add": ("[video]", "['999', video]"),
    "dns": ("1.1.1.1", "[1.1.1.1, 9.9.9.9]"),
    "dns_search": ("example.org", "[example.org, example.com]"),
    "dns_opt": ("['ndots:2', use-vc]",),
    "cpu_shares": ("512", "'512'"),
    "cpuset": ("'0-1'", "'0,3'"),
    "hostname": ("name.example",),
    "read_only": ("true", "false"),
    "init": ("true", "false"),
    "tty": ("true",),
    "stdin_open": ("true",),
    "cap_add": ("[NET_BIND_SERVICE, CHOWN]",),
    "cap_drop": ("[ALL]", "[NET_RAW]"),
    "security_opt": ("['no-new-privileges:true']",),
    "ulimits": ("{nofile: 1024}", "{nofile: {soft: 1024, hard: 2048}, nproc: 64}"),
    "sysctls": ("{net.core.somaxconn: 1024}", "['net.ipv4.tcp_syncookies=1']"),
    "labels": ("{tier: front, empty: ''}", "[tier=front, empty]", "{n: 5, t: true}"),
    "extra_hosts": (
        "['old:10.0.0.1']",
        "{old: 10.0.0.1}",
        "[old=10.0.0.1]",
        "['old:10.0.0.1', 'old:10.0.0.2']",
        "{old: 10.0.0.3, gate: host-gateway}",
    ),
    "stop_grace_period": ("1m", "1m30s", "500ms"),
    "shm_size": ("128m", "1gb", "67108864"),
    "stop_signal": ("SIGINT",),
    "logging": ("{driver: json-file, options: {max-size: 1m, max-file: 3}}", "{driver: none}"),
    "secrets": ("[token]", "[{source: token, target: /etc/token, mode: 0440}]"),
    "configs": ("[page]", "[{source: page, target: /page}]"),
}
BESIDE = {
    "token": "hidden",
    "one.env": "\ufeffHOST=db\nCOLOR=#ff0000\nPASSWORD=#secret#1\nNONE= # comment\nWORD=a # b\n",
    "two.env": "URL=mysql://${HOST}/x\nQUOTED='#1 $HOME'\nDOUBLE=\"a # b\"\nexport MORE=1\n",
}
"""What the files name."""
TOP = """\
networks:
  front: {ipam: {config: [{subnet: 172.28.0.0/16, ip_range: 172.28.5.0/24, gateway: 172.28.5.1}]}}
  back: {internal: true}
volumes: {data: {}}
secrets: {token: {file: ./token}}
configs: {page: {content: hello}}
"""
NOT_LAID_OVER = {"deploy", "mem_limit", "cpus", "pids_limit"}
"""Keys that say the same thing in two places."""
MAY_BE_NULL = {"command", "entrypoint", "environment", "labels", "networks", "sysctls"}
"""Keys whose value Compose takes as nothing."""
APART = ({"deploy", "mem_limit", "cpus", "pids_limit"},)
"""Keys of which a service has one at most, since the others would say the same thing again."""


def generated(seed: int) -> str:
    """The file of this seed."""
    return "".join(_lines(Random(seed)))


def merged(seed: int) -> tuple[str, str]:
    """A file in which a service is laid over another, and what it includes of that."""
    random = Random(f"merge {seed}")
    keys = random.sample(sorted(set(FORMS) - NOT_LAID_OVER), random.randint(1, 6))
    below = "".join(f"    {key}: {random.choice(FORMS[key])}\n" for key in keys)
    over = "".join(_laid_over(random, key) for key in keys)
    rest = f"{TOP}services:\n  other: {{image: 'example/other:1'}}\n"
    base = f"  base:\n    image: example/base:1\n{below}    depends_on: [other]\n"
    match random.choice(("extends", "include", "files")):
        case "extends":
            return f"{rest}{base}  child:\n    extends: base\n{over}", ""
        case "include":
            included = f"services:\n  other: {{image: 'example/other:1'}}\n{base}"
            return f"{TOP}include: [base-{seed}.yaml]\nservices:\n  base:\n{over}", included + TOP
        case _:
            files = f"[base-{seed}.yaml, over-{seed}.yaml]"
            return f"include: [{{path: {files}}}]\n", f"{rest}{base}---\nservices:\n  base:\n{over}"


def _laid_over(random: Random, key: str) -> str:
    match random.choice(("form", "form", "form", "null", "reset", "override", "nothing")):
        case "form":
            return f"    {key}: {random.choice(FORMS[key])}\n"
        case "override":
            form = random.choice(FORMS[key])
            return f"    {key}: !override {form}\n" if form[0] in "[{" else ""
        case "reset":
            return f"    {key}: !reset null\n"
        case "null" if key in MAY_BE_NULL:
            return f"    {key}:\n"
        case _:
            return "    init: true\n" if key == "init" else ""


def _lines(random: Random) -> Iterator[str]:
    yield "name: generated\nservices:\n"
    names = [f"service{number}" for number in range(random.randint(1, 3))]
    for index, name in enumerate(names):
        yield f"  {name}:\n    image: example/{name}:1\n"
        keys = random.sample(sorted(FORMS), random.randint(1, 9))
        for group in APART:
            first = next((key for key in keys if key in group), None)
            keys = [key for key in keys if key == first or key not in group]
        for key in keys:
            yield f"    {key}: {random.choice(FORMS[key])}\n"
        if index:
            forms = (f"[{names[0]}]", f"{{{names[0]}: {{condition: service_started}}}}")
            yield f"    depends_on: {random.choice(forms)}\n"
    yield TOP
