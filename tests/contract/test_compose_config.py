"""What isolab makes of a compose file is what the reference implementation makes of it.

compose-go is the loader of `docker compose`. tests/judge prints what it makes of a file; it is
built where Go is, once for all runs.
"""

import json
import re
import shlex
import shutil
import subprocess
from hashlib import sha256
from os.path import normpath
from pathlib import Path
from typing import Any

import pytest
from compose_files import BESIDE, FILES, MERGES, generated, merged

from isolab.labfile import load
from isolab.labfile.keys import INCLUDED, LAB
from isolab.model import Lab, Service, ServiceNetwork
from machine import paths

pytestmark = pytest.mark.slow

LABS = Path(__file__).parents[1] / "labs"
JUDGE = Path(__file__).parents[1] / "judge"
WHOLE = sorted((LABS / "compose").glob("*/compose.yaml"))
LAYERS = re.compile(r"^(placement|balancers|clusters|security):", re.MULTILINE)
LABS_OF_COMPOSE = sorted(
    file for file in (LABS / "valid").glob("*.yaml") if not LAYERS.search(file.read_text())
)
"""Those that are about services, and not about where these run."""
WIDER = {
    "commands-in-all-forms": ("must be a string", "Numbers instead of text"),
    "environment-from-files": ("unsupported env_file format", "`env_file` of `format: raw`"),
    "octal-modes": ("unconvertible type 'string'", "A `tmpfs.mode` in quotes"),
    "secrets-and-configs": ("'content' not allowed", "`secrets.NAME.content`"),
    "words-that-look-like-others": ("'content' not allowed", "`secrets.NAME.content`"),
}
"""Labs that the loader refuses, with what it says and the difference in docs/lab-file.md."""
DOCS = Path(__file__).parents[2] / "docs" / "lab-file.md"
OTHER = {
    ("extends-in-all-kinds", "child"): ("files", "Two secrets at one path, by `extends`"),
    ("links-and-hosts", "db"): ("networks", "A further name in `links`"),
    ("links-and-hosts", "cache"): ("networks", "A further name in `links`"),
}
"""Lab and service to the field that differs, and the difference in docs/lab-file.md."""
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
BYTES = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30}
Printed = dict[str, Any]


@pytest.fixture(scope="session")
def judge() -> Path:
    """The program, rebuilt where its source has changed."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not on this machine, which builds the reference implementation")
    source = b"".join((JUDGE / name).read_bytes() for name in ("main.go", "go.mod", "go.sum"))
    program = paths.cache() / "judge" / sha256(source).hexdigest()[:16]
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        if subprocess.run([go, "mod", "download"], cwd=JUDGE, capture_output=True).returncode:
            pytest.skip("compose-go's modules cannot be downloaded here")
        command = [go, "build", "-o", str(program), "."]
        done = subprocess.run(command, cwd=JUDGE, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return program


def as_compose(file: Path, folder: Path) -> Path:
    """The lab file without isolab's own keys, beside what it names."""
    mine = "|".join(set(LAB) - set(INCLUDED))
    text = re.sub(rf"^({mine}):", r"x-\1:", file.read_text(), flags=re.MULTILINE)
    shutil.copytree(file.parent / "parts", folder / "parts")
    shutil.copy(file, folder / file.name)
    (folder / "compose.yaml").write_text(text)
    return folder / "compose.yaml"


def ask(judge: Path, files: list[Path]) -> list[Printed]:
    """What the reference implementation makes of each file."""
    names = "".join(f"{file}\n" for file in files)
    done = subprocess.run([judge], input=names, capture_output=True, text=True, env={"HOME": "/"})
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def asked(
    judge: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, tuple[Path, Printed]]:
    """Lab or compose file to the file that the program read and what it printed of it."""
    files = {file: file for file in WHOLE}
    for lab in LABS_OF_COMPOSE:
        files[lab] = as_compose(lab, tmp_path_factory.mktemp(lab.stem, numbered=False))
    printed = ask(judge, list(files.values()))
    return {
        file: (read, answer) for (file, read), answer in zip(files.items(), printed, strict=True)
    }


Asked = dict[Path, tuple[Path, Printed]]


def same(printed: Printed, folder: Path, lab: Lab | tuple[object, ...]) -> None:
    assert isinstance(lab, Lab), "\n".join(map(str, lab))
    assert "project" in printed, printed
    theirs = printed["project"]["services"]
    assert sorted(theirs) == sorted(s.name for s in lab.services)
    for service in lab.services:
        mine, yours = ours(service), normal(theirs[service.name], folder)
        field, difference = OTHER.get((Path(lab.file).stem, service.name), ("", ""))
        if field:
            assert mine.pop(field) != yours.pop(field)
            assert f"| {difference} |" in DOCS.read_text()
        assert {k: v for k, v in mine.items() if v} == {k: v for k, v in yours.items() if v}
    for network in lab.networks:
        printed_as = printed["project"].get("networks", {}).get(network.name)
        # The loader leaves out what no service is on.
        if printed_as is not None:
            assert subnet(network) == [
                {**given, "aux_addresses": sorted(given.get("aux_addresses", {}).values())}
                for given in (printed_as.get("ipam") or {}).get("config", [])
            ]


def subnet(network: ServiceNetwork) -> list[dict[str, Any]]:
    """As the loader prints it."""
    chosen = network.subnet
    if chosen is None:
        return []
    words = {"subnet": chosen.subnet, "gateway": chosen.gateway, "ip_range": chosen.ip_range}
    given = {key: word for key, word in words.items() if word}
    return [{**given, "aux_addresses": sorted(chosen.reserved)}]


@pytest.mark.parametrize("file", WHOLE, ids=lambda file: file.parent.name)
def test_an_included_file_means_what_it_means_in_compose(asked: Asked, file: Path) -> None:
    _, printed = asked[file]
    same(printed, file.parent, load(LABS / "compose" / f"{file.parent.name}.yaml", {}))


@pytest.mark.parametrize("file", LABS_OF_COMPOSE, ids=lambda file: file.stem)
def test_the_services_of_a_lab_mean_what_they_mean_in_compose(asked: Asked, file: Path) -> None:
    read, printed = asked[file]
    lab = load(read.parent / file.name, {})
    if file.stem in WIDER:
        error, difference = WIDER[file.stem]
        assert error in printed["error"]
        assert f"| {difference} |" in DOCS.read_text()
        assert isinstance(lab, Lab)
    else:
        same(printed, read.parent, lab)


@pytest.fixture(scope="session")
def made(judge: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Path, Printed]]:
    """Seed to the file of the grammar, and what the reference implementation makes of it."""
    folder = tmp_path_factory.mktemp("generated")
    files = [folder / f"{seed}.yaml" for seed in range(FILES)]
    for name, text in BESIDE.items():
        (folder / name).write_text(text)
    for seed, file in enumerate(files):
        file.write_text(generated(seed))
    return dict(enumerate(zip(files, ask(judge, files), strict=True)))


@pytest.mark.parametrize("seed", range(FILES))
def test_a_generated_file_means_what_it_means_in_compose(
    made: dict[int, tuple[Path, Printed]], seed: int
) -> None:
    file, printed = made[seed]
    same(printed, file.parent, load(file, {}))


@pytest.fixture(scope="session")
def laid_over(
    judge: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[int, tuple[Path, Printed]]:
    """The same for files in which a service is laid over another."""
    folder = tmp_path_factory.mktemp("merged")
    files = [folder / f"{seed}.yaml" for seed in range(MERGES)]
    for name, text in BESIDE.items():
        (folder / name).write_text(text)
    for seed, file in enumerate(files):
        text, beside = merged(seed)
        below, _, over = beside.partition("---\n")
        file.write_text(text)
        (folder / f"base-{seed}.yaml").write_text(below)
        (folder / f"over-{seed}.yaml").write_text(over)
    return dict(enumerate(zip(files, ask(judge, files), strict=True)))


@pytest.mark.parametrize("seed", range(MERGES))
def test_a_service_over_another_means_what_it_means_in_compose(
    laid_over: dict[int, tuple[Path, Printed]], seed: int
) -> None:
    file, printed = laid_over[seed]
    if "error" in printed:
        assert not isinstance(load(file, {}), Lab), printed
    else:
        same(printed, file.parent, load(file, {}))


def ours(service: Service) -> dict[str, Any]:
    """A service of the model in plain words, with Compose's defaults left out."""
    health, build = service.healthcheck, service.build
    return {
        "image": service.image if not build or "/" in service.image else "",
        "build": build and (build.context, build.dockerfile, dict(build.args), build.target),
        "command": service.command,
        "entrypoint": service.entrypoint,
        "environment": dict(service.environment),
        "ports": {(p.host_ip, p.published, p.target, p.protocol) for p in service.ports},
        "expose": set(service.expose),
        "networks": {name: set(aliases) for name, aliases in service.networks.items()},
        "addresses": dict(service.addresses),
        "network_mode": service.network_mode,
        "volumes": {
            *((v.volume, v.target, v.read_only) for v in service.volumes),
            *((b.source, b.target, b.read_only) for b in service.binds),
            *((m.source, m.target, m.read_only) for m in service.guest_mounts),
        },
        "tmpfs": {path_and_bytes(entry) for entry in service.tmpfs},
        "files": {(f.kind, f.source, f.target, f.mode) for f in service.files},
        "depends_on": dict(service.depends_on),
        "healthcheck": health
        and (health.test, health.interval, health.timeout, health.retries, health.start_period),
        "shm_size": service.shm_size,
        "cpu_shares": service.cpu_shares,
        "replicas": service.replicas,
        "limits": (service.limits.memory, service.limits.cpus, service.limits.pids),
        "ulimits": {limit.name: (limit.soft, limit.hard) for limit in service.ulimits},
        "stop_grace_period": float(service.stop_grace_period),
        "logging": (service.logging_driver, dict(service.logging_options)),
        "extra_hosts": {*service.extra_hosts},
        "labels": dict(service.labels),
        "sysctls": dict(service.sysctls),
        "restart": service.restart,
        "cap_drop": {*service.cap_drop},
        "cap_add": {*service.cap_add},
        "security_opt": {*service.security_opt},
        "devices": {(d.source, d.target, d.permissions) for d in service.devices},
        **{key: {*getattr(service, key)} for key in LISTS},
        **{key: getattr(service, key) for key in SAME},
    }


OF_THE_GUEST = (
    *("privileged", "pid", "ipc", "cgroup", "devices", "cpuset", "cpu_shares"),
    *("domainname", "group_add", "dns", "dns_search", "dns_opt"),
)
"""What the grammar has, and no file of tests/labs/compose."""
LISTS = ("group_add", "dns", "dns_search", "dns_opt")
SAME = (
    "privileged",
    "pid",
    "ipc",
    "cgroup",
    "domainname",
    "cpuset",
    "user",
    "working_dir",
    "hostname",
    "container_name",
    "platform",
    "read_only",
    "init",
    "tty",
    "stdin_open",
    "stop_signal",
)


def normal(service: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same words from what Docker's program prints."""
    deploy = service.get("deploy", {})
    limits = deploy.get("resources", {}).get("limits", {})
    memory = service.get("mem_limit", limits.get("memory"))
    cpus = service.get("cpus", limits.get("cpus"))
    pids = service.get("pids_limit", limits.get("pids"))
    volumes = [volume(v) for v in service.get("volumes", ())]
    logging = service.get("logging", {})
    return {
        "image": service.get("image", "")
        if "build" not in service or "/" in service.get("image", "")
        else "",
        "build": "build" in service and built(service["build"], folder),
        "command": words(service.get("command")),
        "entrypoint": words(service.get("entrypoint")),
        "environment": texts(service.get("environment", {})),
        "ports": {port(p) for p in service.get("ports", ())},
        "expose": {
            n for e in service.get("expose", ()) if "/udp" not in str(e) for n in numbers(str(e))
        },
        "networks": {
            name: set((options or {}).get("aliases", ()))
            for name, options in service.get("networks", {}).items()
            if name != "default" or len(service["networks"]) > 1
        },
        "addresses": {
            name: options["ipv4_address"]
            for name, options in service.get("networks", {}).items()
            if options and "ipv4_address" in options
        },
        "network_mode": service.get("network_mode", ""),
        "volumes": {v for v in volumes if len(v) == 3},
        "tmpfs": {
            *(path_and_bytes(t) for t in one_or_many(service.get("tmpfs", []))),
            *(v for v in volumes if len(v) == 2),
        },
        "files": {
            *(mounted("secret", "/run/secrets/", f) for f in service.get("secrets", ())),
            *(mounted("config", "/", f) for f in service.get("configs", ())),
        },
        "depends_on": {n: d["condition"] for n, d in service.get("depends_on", {}).items()},
        "healthcheck": health(service["healthcheck"])
        if {"test", "disable"} & service.get("healthcheck", {}).keys()
        else None,
        "shm_size": number_of_bytes(service.get("shm_size", 0)) // 2**20,
        "replicas": deploy.get("replicas", service.get("scale", 1)),
        "limits": (
            memory and number_of_bytes(memory) // 2**20,
            cpus and float(cpus),
            pids,
        ),
        "ulimits": {
            name: (u["soft"], u["hard"]) if isinstance(u, dict) else (u, u)
            for name, u in service.get("ulimits", {}).items()
        },
        "stop_grace_period": seconds(service.get("stop_grace_period", "10s")),
        "logging": (logging.get("driver", ""), texts(logging.get("options", {}))),
        "extra_hosts": {
            tuple(re.split("[:=]", h, maxsplit=1)) for h in service.get("extra_hosts", ())
        },
        "labels": texts(service.get("labels", {})),
        "sysctls": texts(service.get("sysctls", {})),
        "restart": restarted(service),
        "cap_drop": {*service.get("cap_drop", ())},
        "security_opt": {*service.get("security_opt", ())},
        "cap_add": {*service.get("cap_add", ())},
        "cpu_shares": int(service.get("cpu_shares", 0)),
        "devices": {device(d) for d in service.get("devices", ())},
        **{key: {*one_or_many(service.get(key, []))} for key in LISTS},
        **{key: service.get(key, False) for key in SAME},
    }


def restarted(service: dict[str, Any]) -> str:
    """Docker's policy, as docker compose makes it: that of deploy wins."""
    policy = service.get("deploy", {}).get("restart_policy")
    if policy is None:
        return service.get("restart") or "no"
    attempts = policy.get("max_attempts")
    name = {"none": "no", "any": "always", "on-failure": "on-failure"}[
        policy.get("condition", "any")
    ]
    return f"{name}:{attempts}" if attempts else name


def one_or_many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def texts(values: dict[str, Any]) -> dict[str, str]:
    words = {True: "true", False: "false"}
    return {
        name: words[v] if isinstance(v, bool) else str(v)
        for name, v in values.items()
        if v is not None
    }


def words(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    split = shlex.split(value) if isinstance(value, str) else value
    return tuple(split)


def built(build: Any, folder: Path) -> tuple[str, str, dict[str, str], str]:
    build = {"context": build} if isinstance(build, str) else build
    context = normpath(folder / build["context"])
    return (
        context,
        build.get("dockerfile", "Dockerfile"),
        texts(build.get("args", {})),
        build.get("target", ""),
    )


def port(port: Any) -> tuple[str, int | None, int, str]:
    if isinstance(port, dict):
        published = port.get("published")
        target, protocol = port["target"], port.get("protocol", "tcp")
        return port.get("host_ip", ""), int(published) if published else None, target, protocol
    *ip, published, target = (
        (["", "", *str(port).split(":")])[-3:] if ":" in str(port) else ["", "", port]
    )
    target, _, protocol = str(target).partition("/")
    return "".join(ip), int(published) if published else None, int(target), protocol or "tcp"


def numbers(word: str) -> range:
    first, _, last = word.removesuffix("/tcp").partition("-")
    return range(int(first), int(last or first) + 1)


def device(device: Any) -> tuple[str, str, str]:
    """Source, target and permissions."""
    if isinstance(device, dict):
        source, target = device["source"], device.get("target")
        return source, target or source, device.get("permissions") or "rwm"
    source, _, rest = device.partition(":")
    target, _, permissions = rest.partition(":")
    return source, target or source, permissions or "rwm"


def volume(volume: Any) -> tuple[Any, ...]:
    """Source, target and whether it is read-only; of a tmpfs, path and size."""
    if isinstance(volume, dict):
        if volume["type"] == "tmpfs":
            size = volume.get("tmpfs", {}).get("size", "")
            return volume["target"], str(size and number_of_bytes(size))
        return (
            volume.get("source", ""),
            volume["target"].rstrip("/"),
            volume.get("read_only", False),
        )
    parts = volume.split(":")
    source, target, *mode = parts if len(parts) > 1 else ("", *parts)
    return source, target, "ro" in "".join(mode).split(",")


def path_and_bytes(entry: str) -> tuple[str, str]:
    path, _, options = entry.partition(":")
    size = dict(o.partition("=")[::2] for o in options.split(",")).get("size", "")
    return path, str(size and number_of_bytes(size))


def mounted(kind: str, folder: str, file: Any) -> tuple[str, str, str, int]:
    file = {"source": file} if isinstance(file, str) else file
    target = file.get("target", file["source"])
    mode = file.get("mode", 0o444)
    path = target if target.startswith("/") else folder + target
    return kind, file["source"], path, int(mode, 8) if isinstance(mode, str) else mode


def health(check: dict[str, Any]) -> tuple[Any, ...]:
    test = check.get("test", ["NONE"])
    test = ("CMD-SHELL", test) if isinstance(test, str) else tuple(test)
    if check.get("disable") or test == ("NONE",):
        # Times of a check that is none mean nothing.
        return ("NONE",), 30.0, 30.0, 3, 0.0
    periods = (seconds(check.get(key, default)) for key, default in PERIODS.items())
    interval, timeout, start = periods
    return test, interval, timeout, check.get("retries", 3), start


PERIODS = {"interval": "30s", "timeout": "30s", "start_period": "0s"}


def seconds(word: str) -> float:
    parts = re.findall(r"([\d.]+)(us|ms|s|m|h)", word)
    return round(sum(float(number) * SECONDS[unit] for number, unit in parts), 6)


def number_of_bytes(size: Any) -> int:
    number, unit = re.fullmatch(r"([\d.]+)\s*([kmg]?)i?b?", str(size).lower()).groups()  # type: ignore[union-attr]
    return int(float(number) * BYTES[unit])


def test_the_comparison_sees_a_difference() -> None:
    """It would be worth nothing if `ours` and `normal` had no values in common."""
    lab = load(LABS / "compose" / "classic.yaml", {})
    assert isinstance(lab, Lab)
    first = ours(next(service for service in lab.services if service.name == "first"))
    assert all(
        first[key]
        for key in first
        if key not in ("addresses", "build", "network_mode", "platform", "security_opt")
        and key not in OF_THE_GUEST
    )
