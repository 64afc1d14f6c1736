"""What this machine has and lacks for a lab; looks, and changes nothing."""

import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from machine import (
    access,
    confinement,
    daemons,
    engine,
    guest_image,
    kvm,
    packages,
    plugin_info,
    plugins,
    sandbox,
    service_catalog,
)
from machine.steps import Unable

Verdict = Literal["ok", "missing", "unusable", "unknown"]
UP = "./lab up makes it"
OPTIONAL = frozenset({"kvm"})
"""A lab runs without these, slower."""


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
    try:
        yield packages_check(packages.missing())
    except Unable as error:
        yield Check(name="packages", verdict="unknown", detail=error.message, fix=error.hint)
    yield access_check(access.missing())
    for daemon in daemons.DAEMONS:
        yield daemon_check(daemon.name, answers=daemon.answers())
    try:
        yield kvm_check(
            kvm.find(), tried_by_libvirt=daemons.sees_broken_kvm(), hidden=sandbox.inside()
        )
    except Unable as error:
        yield Check(name="kvm", verdict="unknown", detail=error.message, fix=UP)
    yield confinement_check(
        confinement.in_force(),
        confinement.drivers(),
        closed=confinement.closed_folders(),
        without_base=confinement.without_base(),
    )
    found = engine.executable()
    yield Check(
        name="engine",
        verdict="ok" if found else "missing",
        detail=f"Pulumi {engine.version(found)}, {found}"
        if found
        else f"no Pulumi CLI of {_oldest()} or newer",
        fix="" if found else UP,
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
    yield images_check(tuple(recipe.name for recipe in service_catalog.stale()))


def _oldest() -> str:
    return ".".join(map(str, engine.OLDEST))


def packages_check(missing: Sequence[str]) -> Check:
    """The system's packages."""
    if not missing:
        names = " ".join(package.name for package in packages.PACKAGES)
        return Check(name="packages", verdict="ok", detail=names)
    names = " ".join(missing)
    fix = f"apt-get install {names}"
    return Check(name="packages", verdict="missing", detail=names, fix=fix)


def access_check(missing: Sequence[str]) -> Check:
    """Whether this user may use libvirt and Docker."""
    if not missing:
        return Check(name="access", verdict="ok", detail="libvirt and Docker may be used")
    groups = ",".join(missing)
    return Check(
        name="access",
        verdict="missing",
        detail=f"this user is not in {groups}",
        fix=f'sudo usermod -a -G {groups} "$USER", then log in again',
    )


def daemon_check(name: str, *, answers: bool) -> Check:
    """One daemon."""
    if answers:
        return Check(name=name, verdict="ok", detail="answers")
    return Check(name=name, verdict="missing", detail="does not answer", fix="./lab up starts it")


def kvm_check(finding: kvm.Finding, *, tried_by_libvirt: bool, hidden: bool) -> Check:
    """Whether guests run at the processor's speed."""
    if finding.verdict == "works":
        return Check(name="kvm", verdict="ok", detail=finding.detail)
    slow = "guests are emulated"
    if finding.verdict == "absent":
        detail = "hidden in the sandbox" if hidden else finding.detail
        fix = "switch virtualization on in the firmware, or go on without"
        return Check(name="kvm", verdict="missing", detail=f"{detail}: {slow}", fix=fix)
    fix = "none needed: isolab does without"
    if tried_by_libvirt:
        slow += ", and libvirtd loses minutes with it at each start of a guest"
        hidden_start = shlex.join(daemons.without_kvm(("libvirtd", "-d")))
        fix = f"stop libvirtd and let ./lab up start it, or: {hidden_start}"
    return Check(name="kvm", verdict="unusable", detail=f"{finding.detail}; {slow}", fix=fix)


def confinement_check(
    module: confinement.Module | None,
    drivers: Collection[str] | None,
    *,
    closed: Sequence[Path],
    without_base: Sequence[str],
) -> Check:
    """Whether QEMU may open the files of guests."""
    name = "confinement"
    if closed:
        folders = " ".join(map(str, closed))
        detail = f"QEMU's user cannot pass {folders}"
        return Check(name=name, verdict="unusable", detail=detail, fix=f"chmod o+x {folders}")
    if module is None:
        detail = "neither AppArmor nor SELinux is in force"
        return Check(name=name, verdict="ok", detail=detail)
    if drivers is not None and module.driver not in drivers:
        detail = f"{module.name} is in force, but libvirt does not confine guests with it"
        return Check(name=name, verdict="ok", detail=detail)
    if without_base and module.driver == "apparmor":
        detail = f"an older isolab made {' '.join(without_base)}, which AppArmor may not let start"
        fix = "./lab down --keep-data, then ./lab up, of their stacks"
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


def images_check(stale: Sequence[str]) -> Check:
    """The service images."""
    if not stale:
        return Check(name="service images", verdict="ok", detail="all built from their sources")
    names = " ".join(stale)
    return Check(name="service images", verdict="missing", detail=f"to build: {names}", fix=UP)
