"""What confines QEMU on this machine beside its user, and where that writes what it refused."""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as xml

from isolab.plan.guest import domain_form
from isolab.plan.make import POOLS
from isolab.transport import Unreachable
from machine.host.transport import HostTransport
from machine.setup.daemons import LIBVIRT


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    """A security module of the kernel that libvirt has a driver for."""

    name: str
    driver: str
    """What libvirt calls it."""
    switch: Path
    """A file of the kernel's that says whether it is in force."""
    on: str
    """What the file then says."""
    log: str
    """A command that shows what it refused."""


MODULES = (
    Module(
        name="AppArmor",
        driver="apparmor",
        switch=Path("/sys/module/apparmor/parameters/enabled"),
        on="Y",
        # Not the kernel's messages alone: where auditing is on, it is not among them.
        log="sudo journalctl --grep apparmor=.DENIED",
    ),
    Module(
        name="SELinux",
        driver="selinux",
        switch=Path("/sys/fs/selinux/enforce"),
        on="1",
        log="ausearch -m avc",
    ),
)
_REFUSED = re.compile(r"(?:[Cc]ould not open|Cannot access)[^'\n]*'([^']*)'.*Permission denied")
_STARTED = re.compile(r"domain '([^']*)' already exists with uuid")


def in_force() -> Module | None:
    """The one that the kernel applies; whether libvirt uses it is libvirt's to say."""
    return next((module for module in MODULES if _on(module)), None)


def _on(module: Module) -> bool:
    try:
        return module.switch.read_text().strip() == module.on
    except OSError:
        return False


def drivers() -> frozenset[str] | None:
    """libvirt's security drivers; None where libvirt does not say.

    Asked where anybody may ask, so that nobody is asked for a password.
    """
    said = _ask("capabilities")
    if said is None:
        return None
    models = xml.fromstring(said).findall("host/secmodel/model")
    return frozenset(model.text or "" for model in models)


def without_base() -> tuple[str, ...]:
    """isolab's domains that are off and whose root disk does not name its base image."""
    names = (_ask("list", "--inactive", "--name") or "").split()
    return tuple(
        name
        for name in names
        if name.startswith("isolab-")
        and (form := domain_form.read(_ask("dumpxml", name) or ""))
        and not form.backed
    )


def _ask(*words: str) -> str | None:
    try:
        said = HostTransport().run(["virsh", "-rqc", LIBVIRT, *words])
    except Unreachable:
        return None
    return said.stdout if said.ok else None


def closed_folders(pools: Path = Path(POOLS)) -> tuple[Path, ...]:
    """Folders on the way to pools' files that QEMU's user cannot pass."""
    return tuple(sorted(folder for folder in _folders(pools) if _closed(folder)))


def _folders(pools: Path) -> Iterator[Path]:
    yield from pools.parents
    yield pools
    try:
        yield from (entry for entry in pools.iterdir() if entry.is_dir())
    except OSError:
        return


def _closed(folder: Path) -> bool:
    try:
        return not folder.stat().st_mode & stat.S_IXOTH
    except OSError:
        return False


def hint(said: str, module: Module | None) -> str:
    """What to do about a failure, where it is that of a guest's start; else empty."""
    if found := _STARTED.search(said):
        name = found[1]
        return (
            f"a failed start left it, or it is not isolab's: virsh dominfo {name} "
            f"shows it, virsh undefine {name} removes it and leaves its disks"
        )
    found = _REFUSED.search(said)
    if found is None:
        return ""
    file = found[1]
    folders = f"namei -l {file} shows whether QEMU's user may enter the folders"
    if module is None:
        return folders
    return f"{module.name} may have refused {file}: {module.log} shows what it refused; {folders}"
