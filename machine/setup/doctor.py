"""What this machine has and lacks for a lab; looks, and changes nothing."""

import os
import shlex
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from isolab.plan.model import RunningDomain
from isolab.units import MiB
from machine import sandbox
from machine.engine import plugin_info, plugins, pulumi_cli
from machine.host import access, addresses, domain_use, kvm, looking
from machine.host.transport import HostTransport
from machine.images import debian_sources, service_catalog
from machine.setup import (
    daemons,
    docker_kind,
    firewall,
    guest_shutdown,
    network_hook,
    packages,
    requirements,
)
from machine.steps import Unable

if TYPE_CHECKING:
    from machine.setup import confinement

Verdict = Literal["ok", "missing", "unusable", "unknown"]
UP = "./lab up makes it"
NEEDS = "ISOLAB_ENVIRONMENT_NEEDS"
"""The variable in which the entry script hands over the Debian packages that it would install."""
NAMED = 3
LAB_NETWORK = "the libvirt network isolab-"
DEFAULT_LIBVIRT = "qemu:///system"
HIDE_BY_SYSTEMD = (
    "hide /dev/kvm: sudo systemctl edit libvirtd.service, with the lines [Service] and "
    "InaccessiblePaths=/dev/kvm, then sudo systemctl restart libvirtd.service"
)
OPTIONAL = frozenset({"kvm", "shutdown", "firewall", "network hook", "subnets", "memory"})
"""A lab runs without these: slower, with guests that are killed, that reach this machine, that have
no way out, or on a machine where another lab has what it would need."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that a lab needs, and how it stands."""

    name: str
    verdict: Verdict
    detail: str
    fix: str = ""
    """What to do where it is not ok."""


def examine() -> tuple[Check, ...]:
    """All checks, in the order in which things depend on each other."""
    return tuple(_checks())


def able(checks: Sequence[Check]) -> bool:
    """Whether a lab could run on a machine that looks like this."""
    return all(check.verdict == "ok" for check in checks if check.name not in OPTIONAL)


def _checks() -> Iterator[Check]:
    lacking = requirements.lacking()
    yield python_check(lacking, os.environ.get(NEEDS, "").split())
    try:
        yield packages_check(packages.missing())
    except Unable as error:
        yield Check(name="packages", verdict="unknown", detail=error.message, fix=error.hint)
    yield access_check(access.state(), access.missing())
    for daemon in daemons.DAEMONS:
        yield _daemon(daemon)
    if backend := firewall.backend():
        yield firewall_check(backend, firewall.drops() if backend == "nftables" else None)
    yield hook_check(network_hook.state(), network_hook.starter_state())
    if daemons.has_systemd():
        yield shutdown_check(lacking=guest_shutdown.is_lacking())
    yield subnets_check(tuple(addresses.in_use(HostTransport(), DEFAULT_LIBVIRT)))
    yield memory_check(
        domain_use.domains(HostTransport(), DEFAULT_LIBVIRT),
        looking.memory(),
        domain_use.available(),
    )
    finding = kvm.look()
    yield kvm_check(finding, tried_by_libvirt=daemons.sees_broken(finding), hidden=sandbox.inside())
    found = pulumi_cli.executable()
    yield Check(
        name="engine",
        verdict="ok" if found else "missing",
        detail=f"Pulumi {pulumi_cli.version(found)}, {found}"
        if found
        else f"no Pulumi CLI of {_oldest()} or newer",
        fix="" if found else UP,
    )
    yield images_check(tuple(recipe.name for recipe in service_catalog.stale()))
    if lacking:
        for name in ("confinement", "language host", "plugins", "guest image"):
            yield Check(name=name, verdict="unknown", detail="see python packages", fix=UP)
        return
    yield from _checks_in_environment()


def _checks_in_environment() -> Iterator[Check]:
    """Those that need the packages of requirements.txt."""
    from machine.images import guest_image
    from machine.setup import confinement

    yield confinement_check(
        confinement.in_force(),
        confinement.drivers(),
        closed=confinement.closed_folders(),
        without_base=confinement.without_base(),
    )
    source, lacking = _plugins()
    yield language_host_check(plugins.language_host(source), source)
    yield plugins_check(source, lacking, in_use=source == plugins.last())
    image = guest_image.find()
    yield Check(
        name="guest image",
        verdict="ok" if image else "missing",
        detail=image.disk if image else "not in the cache",
        fix="" if image else UP,
    )
    if image is None or service_catalog.stale():
        yield _sources()


def _oldest() -> str:
    return ".".join(map(str, pulumi_cli.OLDEST))


def python_check(lacking: Sequence[str], system: Sequence[str] = ()) -> Check:
    """The Python environment that isolab runs in.

    Args:
        lacking: Packages of requirements.txt.
        system: Debian packages that making the environment needs.
    """
    if not lacking:
        detail = f"those of requirements.txt, in {sys.prefix}"
        return Check(name="python packages", verdict="ok", detail=detail)
    named = " ".join(lacking) if len(lacking) <= NAMED else f"{len(lacking)} of requirements.txt"
    detail = f"not in {sys.prefix}: {named}"
    fix = f"{UP}, with the system's {' '.join(system)}" if system else UP
    return Check(name="python packages", verdict="missing", detail=detail, fix=fix)


def packages_check(missing: Sequence[str]) -> Check:
    """The system's packages."""
    if not missing:
        names = " ".join(package.name for package in packages.PACKAGES)
        return Check(name="packages", verdict="ok", detail=names)
    names = " ".join(missing)
    fix = f"apt-get install {names}"
    return Check(name="packages", verdict="missing", detail=names, fix=fix)


def access_check(state: access.State, missing: Sequence[str]) -> Check:
    """Whether this user may use libvirt and Docker."""
    groups = ",".join(missing)
    match state:
        case "allowed":
            return Check(name="access", verdict="ok", detail="libvirt and Docker may be used")
        case "login":
            detail = f"this user was added to {groups} after the login"
            return Check(name="access", verdict="missing", detail=detail, fix=access.LOG_IN)
        case "missing":
            return Check(
                name="access",
                verdict="missing",
                detail=f"this user is not in {groups}",
                fix=f'./lab up, or: sudo usermod -a -G {groups} "$USER", then log in again',
            )


def _daemon(daemon: daemons.Daemon) -> Check:
    if daemon.lacks_client():
        return Check(
            name=daemon.name,
            verdict="unknown",
            detail=f"cannot be asked: {daemons.no_client(daemon)}",
            fix=daemons.INSTALL[daemon.client],
        )
    standing = daemon.standing()
    state = daemons.unit_state(daemon.unit) if standing == "silent" else ""
    check = daemon_check(daemon.name, standing, daemon.unit, state)
    if daemon.name != "dockerd":
        return check
    found = docker_kind.ours() if standing == "answers" else None
    return docker_check(check, found, docker_kind.others())


def daemon_check(name: str, standing: daemons.Standing, unit: str = "", state: str = "") -> Check:
    """One daemon.

    Args:
        name: What it is called.
        standing: Whether it answers.
        unit: Its systemd unit.
        state: How that stands; empty where no systemd runs.
    """
    match standing:
        case "answers":
            return Check(name=name, verdict="ok", detail="answers")
        case "unasked":
            detail = "it listens, but this user may not connect: see access"
            return Check(name=name, verdict="unknown", detail=detail, fix="see access")
        case "silent":
            detail = f"does not answer: {unit} is {state}" if state else "does not answer"
            fix = "./lab up starts it"
            if state == "masked":
                fix = f"sudo systemctl unmask {unit}, then {fix}"
            return Check(name=name, verdict="missing", detail=detail, fix=fix)


def docker_check(
    check: Check, found: docker_kind.Docker | None, others: Sequence[docker_kind.Kind]
) -> Check:
    """Docker's daemon, which has to be one on the machine's own network.

    Args:
        check: That of any daemon, for the one on the machine's socket.
        found: What it says of itself.
        others: Further ones of this user.
    """
    if found and not found.usable():
        detail = f"{docker_kind.NAMES[found.kind]} answers at {daemons.DOCKER}"
        return replace(
            check,
            verdict="unusable",
            detail=f"{detail}: its containers are not on the networks of this machine",
            fix="have it listen elsewhere, then: sudo systemctl enable --now docker",
        )
    if found:
        store = ", images in containerd's store" if found.store == "containerd" else ""
        return replace(check, detail=f"answers: Docker {found.version}{store}")
    if check.verdict == "missing" and others:
        named = " and ".join(docker_kind.NAMES[kind] for kind in others)
        return replace(check, detail=f"{check.detail}; no lab can run on this user's {named}")
    return check


def firewall_check(backend: firewall.Backend, drops: bool | None) -> Check:
    """Whether Docker's firewall leaves guests their way out.

    Args:
        backend: What libvirt's networks use.
        drops: Whether iptables drops what none of its rules accepts; None where nobody could look.
    """
    detail = f"libvirt's networks use {backend}"
    if backend == "iptables":
        return Check(name="firewall", verdict="ok", detail=f"{detail}, as Docker does")
    if drops is False:
        detail += "; iptables drops none of their packets"
        return Check(name="firewall", verdict="ok", detail=detail)
    if drops:
        detail += ", but Docker uses iptables, which drops what guests send outside"
        return Check(name="firewall", verdict="unusable", detail=detail, fix=firewall.FIX)
    detail += "; guests reach nothing outside if `sudo iptables -S FORWARD` prints -P FORWARD DROP"
    return Check(name="firewall", verdict="unknown", detail=detail, fix=firewall.FIX)


def subnets_check(networks: Sequence[tuple[IPv4Network, str]]) -> Check:
    """Whether another network has addresses of a lab's.

    Args:
        networks: All of this machine, with whose they are.
    """
    found = tuple(
        f"{cidr} of {lab} and {other} of {owner}"
        for place, (cidr, lab) in enumerate(networks)
        if lab.startswith(LAB_NETWORK)
        for number, (other, owner) in enumerate(networks)
        if number != place
        and cidr.overlaps(other)
        # Of two labs that overlap, one line.
        and not (owner.startswith(LAB_NETWORK) and number < place)
    )
    if not found:
        return Check(name="subnets", verdict="ok", detail="no other network overlaps a lab's")
    detail = f"{'; '.join(found)} overlap: this machine reaches only one of them"
    fix = "run ./lab down for that stack, change its network.cidr if it names one, then ./lab up"
    return Check(name="subnets", verdict="unusable", detail=detail, fix=fix)


def memory_check(
    domains: Sequence[RunningDomain], memory: MiB, available: MiB | None = None
) -> Check:
    """Whether the guests of all labs fit the machine together."""
    held = sum(domain.memory for domain in domains)
    left = f", {available} MiB are available" if available is not None else ""
    detail = f"{memory} MiB; running domains use {held} MiB{left}"
    if held <= memory:
        return Check(name="memory", verdict="ok", detail=detail)
    fix = "take a lab down with ./lab down: else the kernel may kill a domain"
    return Check(name="memory", verdict="unusable", detail=detail, fix=fix)


def hook_check(state: network_hook.State, starter: network_hook.State = "installed") -> Check:
    """Whether libvirt closes this machine to the guests of a lab, and starts what it needs."""
    name, hook = "network hook", network_hook.HOOK
    fix = f"./lab up, or as root: {shlex.join(network_hook.action().command)}"
    match state:
        case "installed" if starter in ("missing", "outdated"):
            detail = f"{network_hook.STARTER} is {starter}: a registry that Docker starts before"
            detail = f"{detail} libvirt has the lab's network stays off until ./lab up"
            return Check(name=name, verdict="missing", detail=detail, fix=fix)
        case "installed":
            detail = "guests reach only the open ports of this machine"
            return Check(name=name, verdict="ok", detail=f"{detail}: {hook}")
        case "unknown":
            return Check(name=name, verdict="unknown", detail=f"{hook} cannot be read", fix=fix)
        case "missing" | "outdated":
            detail = f"{hook} is {state}: guests reach every port on this machine"
            return Check(name=name, verdict="missing", detail=detail, fix=fix)


def shutdown_check(*, lacking: bool) -> Check:
    """Whether guests are shut down with the machine."""
    if not lacking:
        return Check(name="shutdown", verdict="ok", detail="guests are shut down with the machine")
    return Check(
        name="shutdown",
        verdict="missing",
        detail=f"{guest_shutdown.UNIT} ends together with libvirtd, so guests are killed when the "
        "machine shuts down",
        fix=f"as root: {shlex.join(guest_shutdown.action().command)}",
    )


def conclusion(checks: Sequence[Check]) -> str:
    """The one line behind all checks: what is to be done now."""
    if able(checks):
        return "A lab can run here."
    open_ones = [check for check in checks if check.verdict != "ok" and check.name not in OPTIONAL]
    caused = {check.name for check in open_ones if check.verdict == "unknown"}
    others = [check for check in open_ones if check.name not in caused]
    if [check.fix for check in others] == [access.LOG_IN]:
        return f"Only a new login is missing: {access.LOG_IN}."
    if not others:
        return "What did not answer is unknown; run ./lab up to find out."
    return "`./lab up` installs what is missing."


def kvm_check(finding: kvm.Finding, *, tried_by_libvirt: bool, hidden: bool) -> Check:
    """Whether guests run at the processor's speed."""
    if finding.verdict == "works":
        return Check(name="kvm", verdict="ok", detail=finding.detail)
    slow = "guests are emulated"
    if finding.verdict == "unknown":
        return Check(name="kvm", verdict="unknown", detail=finding.detail, fix="./lab up tests it")
    if finding.verdict == "absent":
        detail = "hidden in the sandbox" if hidden else finding.detail
        fix = "enable virtualization in the firmware, or continue without it"
        return Check(name="kvm", verdict="missing", detail=f"{detail}: {slow}", fix=fix)
    fix = "none needed: isolab works without it"
    if tried_by_libvirt:
        slow += ", and libvirtd waits minutes for it at each start of a guest"
        hidden_start = shlex.join(daemons.without_kvm(("libvirtd", "-d")))
        fix = f"stop libvirtd and let ./lab up start it, or: {hidden_start}"
        if daemons.has_systemd():
            fix = HIDE_BY_SYSTEMD
    return Check(name="kvm", verdict="unusable", detail=f"{finding.detail}; {slow}", fix=fix)


def confinement_check(
    module: "confinement.Module | None",
    drivers: Collection[str] | None,
    *,
    closed: Sequence[Path],
    without_base: Sequence[str],
) -> Check:
    """Whether QEMU may open the files of guests."""
    name = "confinement"
    if closed:
        folders = " ".join(map(str, closed))
        detail = f"QEMU's user may not enter {folders}"
        return Check(name=name, verdict="unusable", detail=detail, fix=f"chmod o+x {folders}")
    if module is None:
        detail = "neither AppArmor nor SELinux is in force"
        return Check(name=name, verdict="ok", detail=detail)
    if drivers is not None and module.driver not in drivers:
        detail = f"{module.name} is in force, but libvirt does not confine guests with it"
        return Check(name=name, verdict="ok", detail=detail)
    if without_base and module.driver == "apparmor":
        detail = (
            f"an older isolab created {' '.join(without_base)}: AppArmor may prevent their start"
        )
        fix = "run ./lab down --keep-data, then ./lab up, for their stacks"
        return Check(name=name, verdict="unknown", detail=detail, fix=fix)
    detail = f"{module.name} confines guests to their own files; what it refuses: {module.log}"
    return Check(name=name, verdict="ok", detail=detail)


def language_host_check(found: Path | None, source: plugins.Source | None) -> Check:
    """What lets the engine run programs in Python, and whose it is."""
    if found is None:
        return Check(name="language host", verdict="missing", detail="not installed", fix=UP)
    sdk = metadata.version("pulumi")
    whose = "the engine's own" if source == "official" else "airgap, isolab's own"
    detail = f"{whose}, for the Pulumi SDK {sdk}, {found}"
    return Check(name="language host", verdict="ok", detail=detail)


def plugins_check(source: plugins.Source | None, lacking: str, *, in_use: bool) -> Check:
    """The engine's plugins: which set, what it lacks, and whether labs run on it already."""
    if source is None:
        return Check(name="plugins", verdict="missing", detail="not installed", fix=UP)
    whose = "official" if source == "official" else "airgap, isolab's own"
    if lacking:
        detail = f"{whose}, not installed or not usable: {lacking}"
        return Check(name="plugins", verdict="missing", detail=detail, fix=UP)
    versions = ", ".join(f"{name} {version}" for name, version in plugin_info.versions().items())
    then = "" if in_use else "; in use from the next ./lab up"
    place = plugins.SETS[source].folder()
    return Check(name="plugins", verdict="ok", detail=f"{whose}: {versions}, {place}{then}")


def _plugins() -> tuple[plugins.Source | None, str]:
    """The set in use, or the one that will be, and what it lacks."""
    source = plugins.choice()
    if source is None and not plugins.missing("official"):
        source = "official"
    return source, plugins.missing(source) if source else ""


def _sources() -> Check:
    """Whether there are packages to build images from."""
    try:
        lines = debian_sources.lines()
    except Unable as error:
        return Check(name="apt sources", verdict="missing", detail=error.message, fix=error.hint)
    return Check(name="apt sources", verdict="ok", detail="; ".join(lines))


def images_check(stale: Sequence[str]) -> Check:
    """The service images."""
    if not stale:
        return Check(name="service images", verdict="ok", detail="all built from their sources")
    names = " ".join(stale)
    return Check(name="service images", verdict="missing", detail=f"to build: {names}", fix=UP)
