"""Everything that a lab needs of this machine, in order; what is there already is skipped."""

import time
from collections.abc import Callable

from machine import access, daemons, engine, packages, plugins, privilege
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
        ("guest image", lambda: _guest_image(report)),
        ("service images", lambda: _service_images(report)),
    )
    return tuple((name, _seconds(act)) for name, act in stages)


def _seconds(act: Callable[[], None]) -> float:
    begin = time.monotonic()
    act()
    return time.monotonic() - begin


def _all(steps: tuple[Step, ...], report: Report) -> None:
    for step in steps:
        ensure(step, report)


def _system(report: Report, *, yes: bool) -> None:
    missing = packages.missing()
    # A daemon of a package that is missing cannot be asked whether it answers.
    silent = () if missing else tuple(d for d in daemons.DAEMONS if not d.answers())
    deeds = (
        *([f"install {' '.join(missing)}"] if missing else []),
        *(f"start {daemon.name}" for daemon in silent),
        *(["start the daemons"] if missing else []),
        *([access.deed()] if access.missing() else []),
    )
    privilege.agree(deeds, yes=yes)
    ensure(packages.step(), report)
    if daemons.sees_broken_kvm():
        report(
            "libvirtd: it sees a /dev/kvm that does not work, which costs minutes at each start of "
            "a guest; ./lab doctor says how to hide it"
        )


def _guest_image(report: Report) -> None:
    from machine import guest_image

    guest_image.ensure(report)


def _service_images(report: Report) -> None:
    from machine import service_images

    service_images.ensure(report)
