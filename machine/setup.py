"""Everything that a lab needs of this machine, in order; what is there already is skipped."""

import time
from collections.abc import Callable

from machine import (
    access,
    daemons,
    engine,
    guest_image,
    packages,
    plugins,
    privilege,
    service_catalog,
    service_images,
    sudo_ticket,
)
from machine.steps import Report, Step, ensure

Stage = tuple[str, float]
"""What was made ready, and the seconds it took."""


def prepare(report: Report, yes: bool = False) -> tuple[Stage, ...]:
    """Make the machine able; how long each stage took.

    Args:
        report: Gets a line for each thing done; nothing where nothing is missing.
        yes: The user has agreed to sudo.

    Raises:
        Unable: It can't be, with what to do about it.
    """
    stages: tuple[tuple[str, Callable[[], None]], ...] = (
        ("packages", lambda: _system(report, yes=yes)),
        ("daemons", lambda: _all(daemons.steps(), report)),
        ("access", lambda: _all((access.step(),), report)),
        ("engine", lambda: _all((engine.step(), plugins.step()), report)),
        # The guest image brings along layers of the service images.
        ("service images", lambda: _service_images(report)),
        ("guest image", lambda: _guest_image(report)),
    )
    with sudo_ticket.renewed():
        return tuple((name, _seconds(act)) for name, act in stages)


def prepare_shared(report: Report, yes: bool = False) -> None:
    """What needs a network or outlives a sandbox; no daemon is started but for building images."""
    with sudo_ticket.renewed():
        _system(report, yes=yes, daemons_too=False)
        _all((engine.step(), plugins.step()), report)
        if _images_missing():
            _all(daemons.steps(), report)
            service_images.ensure(report)
            guest_image.ensure(report)


def _seconds(act: Callable[[], None]) -> float:
    begin = time.monotonic()
    act()
    return time.monotonic() - begin


def _all(steps: tuple[Step, ...], report: Report) -> None:
    for step in steps:
        ensure(step, report)


def _system(report: Report, *, yes: bool, daemons_too: bool = True) -> None:
    missing = packages.missing()
    # A daemon of a package that is missing cannot be asked whether it answers.
    ask = daemons_too and not missing
    silent = tuple(d for d in daemons.DAEMONS if not d.answers()) if ask else ()
    deeds = (
        *([f"install {' '.join(missing)}"] if missing else []),
        *(f"start {daemon.name}" for daemon in silent),
        *(["start the daemons"] if missing else []),
        *([access.deed()] if daemons_too and access.missing() else []),
        *(["build images from Debian's packages"] if _images_missing() else []),
    )
    privilege.agree(deeds, yes=yes)
    ensure(packages.step(), report)
    if daemons_too and daemons.sees_broken_kvm():
        report(
            "libvirtd: it sees a /dev/kvm that does not work, which costs minutes at each start of "
            "a guest; ./lab doctor says how to hide it"
        )


def _images_missing() -> bool:
    return bool(service_catalog.stale()) or guest_image.find() is None


def _guest_image(report: Report) -> None:
    guest_image.ensure(report)


def _service_images(report: Report) -> None:
    service_images.ensure(report)
    # Docker may have lost what the cache still holds.
    service_images.load_registry_image()
