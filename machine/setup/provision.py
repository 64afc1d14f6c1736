"""Everything that a lab needs of this machine, in order; what is there already is skipped."""

import time
from collections.abc import Callable, Sequence

from machine.engine import plugins, pulumi_cli
from machine.host import access, kvm, privilege, sudo_ticket
from machine.host.privilege import Action
from machine.images import guest_image, refresh, service_catalog, service_images
from machine.images.refresh import Refreshed
from machine.setup import daemons, guest_shutdown, network_hook, packages
from machine.steps import Report, Step, Unable, ensure

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
        # A user whom they do not know would be asked for root's password by the daemons.
        ("access", lambda: _all((access.step(),), report)),
        ("daemons", lambda: _all(daemons.steps(), report)),
        ("engine", lambda: _all((pulumi_cli.step(), plugins.step()), report)),
        # The guest image brings along layers of the service images.
        ("service images", lambda: _service_images(report)),
        ("guest image", lambda: _guest_image(report)),
    )
    with sudo_ticket.renewed():
        return tuple((name, _seconds(act)) for name, act in stages)


def prepare_shared(report: Report, yes: bool = False) -> None:
    """What needs a network or outlives a sandbox; no daemon is started but for building images."""
    with sudo_ticket.renewed():
        builds = _images_missing()
        _system(report, yes=yes, daemons_too=builds, guests_too=False)
        _all((pulumi_cli.step(), plugins.step()), report)
        if builds:
            _all((access.step(), *daemons.steps()), report)
            service_images.ensure(report)
            guest_image.ensure(report)


def refresh_images(report: Report, yes: bool = False) -> tuple[Refreshed, ...]:
    """isolab's own images with today's packages; stacks use them from their next up on."""
    with sudo_ticket.renewed():
        _system(report, yes=yes, guests_too=False, builds=True)
        _all((access.step(), *daemons.steps()), report)
        return refresh.refresh(report)


def _seconds(act: Callable[[], None]) -> float:
    begin = time.monotonic()
    act()
    return time.monotonic() - begin


def _all(steps: tuple[Step, ...], report: Report) -> None:
    for step in steps:
        ensure(step, report)


def _system(
    report: Report,
    *,
    yes: bool,
    daemons_too: bool = True,
    guests_too: bool = True,
    builds: bool = False,
) -> None:
    missing = packages.missing()
    # A daemon of a package that is missing cannot be asked whether it answers.
    ask = daemons_too and not missing
    silent = [daemon for daemon in daemons.DAEMONS if daemon.standing() == "silent"] if ask else []
    lets_in = daemons_too and access.state() == "missing"
    orders = guests_too and guest_shutdown.will_lack(missing)
    closes = guests_too and network_hook.is_lacking()
    needed = actions(
        missing,
        silent,
        lets_in=lets_in,
        builds=builds or _images_missing(),
        orders=orders,
        closes=closes,
    )
    try:
        privilege.agree(needed, yes=yes)
    except Unable:
        if not closes or len(needed) > 1:
            raise
        # A lab runs without it, also for a user on a machine that an administrator prepared.
        closes = False
        report("libvirt's hooks of isolab are missing or older: ./lab doctor says what that means")
    ensure(packages.step(), report)
    if closes:
        ensure(network_hook.step(), report)
    if guests_too and (needed or privilege.is_root()):
        ensure(guest_shutdown.step(), report)
    if daemons_too and daemons.sees_broken(kvm.find()):
        report(
            "libvirtd: it uses a /dev/kvm that does not work, which costs minutes at each start of "
            "a guest; ./lab doctor shows how to hide it"
        )


def actions(
    missing: Sequence[str],
    silent: Sequence[daemons.Daemon],
    *,
    lets_in: bool,
    builds: bool,
    orders: bool = False,
    closes: bool = False,
) -> tuple[Action, ...]:
    """All that needs root, for one question.

    Args:
        missing: Packages to install; what daemons run without them is not known yet.
        silent: Daemons to start.
        lets_in: Whether the user gets access.
        builds: Whether images are built.
        orders: Whether libvirt-guests is put in order, which is worth no question of its own.
        closes: Whether libvirt's hook is installed, without which guests reach this machine.
    """
    found: list[Action] = []
    if missing:
        found.append(packages.action(missing))
    if lets_in:
        found.append(access.action())
    if closes:
        found.append(network_hook.action())
    started = tuple(daemons.DAEMONS) if missing else tuple(silent)
    if started:
        words = "start the daemons" if missing else f"start {', '.join(d.name for d in started)}"
        units = tuple(daemon.unit for daemon in started)
        found.append(Action(words=words, command=("systemctl", "enable", "--now", *units)))
    if builds:
        found.append(Action(words="build images from Debian's packages"))
    if orders and found:
        found.append(guest_shutdown.action())
    return tuple(found)


def _images_missing() -> bool:
    return bool(service_catalog.stale()) or guest_image.find() is None


def _guest_image(report: Report) -> None:
    guest_image.ensure(report)


def _service_images(report: Report) -> None:
    service_images.ensure(report)
    # Docker may have lost what the cache still holds.
    service_images.load_registry_image()
