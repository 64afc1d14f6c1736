"""The packages of the system that a lab stands on."""

import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from machine.host.privilege import Action, as_root
from machine.steps import Report, Step, Unable, run

LISTS = Path("/var/lib/apt/lists")
FRESH = 24 * 3600.0
"""Seconds that a package list is good for."""

STRICT = ("-o", "APT::Update::Error-Mode=any")
"""Without it apt takes a mirror that breaks off, or does not answer, for no error of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A Debian package, and what makes it unnecessary."""

    name: str
    reason: str
    unless: str = ""
    """A command that, where it is there already, does the package's work."""
    everywhere: bool = True
    """Whether all releases have it; else it is asked for only where apt knows it."""
    instead: tuple[str, str] | None = None
    """A package that it may not be installed beside, and what goes with that one."""


PACKAGES = (
    Package(name="libvirt-daemon-system", reason="runs the guests"),
    Package(name="libvirt-clients", reason="virsh"),
    Package(name="qemu-system-x86", reason="the guests' machine"),
    Package(name="qemu-utils", reason="makes disks"),
    Package(name="dnsmasq-base", reason="addresses and names of the lab network"),
    Package(name="dbus", reason="libvirt registers with it"),
    Package(
        name="docker.io",
        reason="runs the registry, builds images",
        unless="dockerd",
        # Docker's own client, which Docker Desktop depends on.
        instead=("docker-ce-cli", "docker-ce"),
    ),
    # Part of docker.io until Debian 12.
    Package(name="docker-cli", reason="the client of Docker", unless="docker", everywhere=False),
    Package(name="iptables", reason="NAT of the lab network"),
    Package(name="nftables", reason="protects the machine from guests", unless="nft"),
    Package(name="iproute2", reason="shows the machine's networks"),
    Package(name="openssh-client", reason="connects to guests", unless="ssh"),
    Package(name="xsltproc", reason="pulumi-libvirt's xslt", unless="xsltproc"),
    Package(name="genisoimage", reason="pulumi-libvirt's cloud-init disks", unless="mkisofs"),
    Package(name="mmdebstrap", reason="builds images from packages", unless="mmdebstrap"),
    Package(name="skopeo", reason="copies images from files and registries", unless="skopeo"),
    Package(name="e2fsprogs", reason="makes file systems", unless="mkfs.ext4"),
)


def missing() -> tuple[str, ...]:
    """The names of the packages that this machine lacks."""
    return missing_of(installed(), lambda command: shutil.which(command) is not None, known)


def missing_of(
    found: Collection[str], has: Callable[[str], bool], known: Callable[[str], bool]
) -> tuple[str, ...]:
    """The same from what was seen: packages installed, commands on PATH, packages apt knows."""
    return tuple(
        package.instead[1] if package.instead and package.instead[0] in found else package.name
        for package in PACKAGES
        if package.name not in found
        and not (package.unless and has(package.unless))
        and (package.everywhere or known(package.name))
    )


def known(name: str) -> bool:
    """Whether apt's package lists have a version of a package that can be installed."""
    asked = ["apt-cache", "show", "--quiet=2", name]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def installed() -> frozenset[str]:
    """Those of our packages that are installed, and of those that some may not be beside."""
    if not shutil.which("dpkg-query"):
        raise Unable(
            "this machine has no dpkg", "isolab supports Debian and distributions based on it"
        )
    names = [package.name for package in PACKAGES]
    names += [package.instead[0] for package in PACKAGES if package.instead]
    asked = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]
    # It exits with an error where a package is unknown, and lists the others all the same.
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return installed_of(done.stdout)


def installed_of(listing: str) -> frozenset[str]:
    """Package names out of dpkg's listing of NAME STATUS."""
    rows = (line.split() for line in listing.splitlines())
    return frozenset(row[0] for row in rows if row[1:] == ["installed"])


def step() -> Step:
    """Install what is missing."""

    def look() -> str:
        names = missing()
        return f"installing {' '.join(names)}" if names else ""

    return Step(name="packages", look=look, act=_install)


def action(names: Sequence[str]) -> Action:
    """The installation, as the user is asked for it."""
    return Action(
        words=f"install {' '.join(names)}",
        command=("apt-get", "install", "--no-install-recommends", *names),
    )


def _install(report: Report) -> None:
    if not fresh(LISTS, time.time()):
        report("reading the package lists")
        _read_lists()
    names = missing()
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    install = ["apt-get", "install", "-y", "--no-install-recommends", *names]
    try:
        run(as_root([*quiet, *install]))
    except Unable:
        # A list that looks fresh may still name versions that the mirror no longer has.
        report("reading the package lists again")
        unread = _read_lists()
        try:
            run(as_root([*quiet, *install]))
        except Unable as error:
            raise Unable(error.message, "\n  ".join(filter(None, (unread, error.hint)))) from error


def _read_lists() -> str:
    """What apt could not fetch, in its words; it goes on with what it has of other mirrors."""
    try:
        run(as_root(["apt-get", "update", *STRICT]))
    except Unable as error:
        return error.hint
    return ""


def fresh(lists: Path, now: float) -> bool:
    """Whether apt has package lists of today."""
    ages = [now - file.stat().st_mtime for file in lists.glob("*_Packages*")]
    return bool(ages) and min(ages) < FRESH
