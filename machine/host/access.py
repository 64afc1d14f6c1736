"""The user's own way to libvirt and Docker: without it, every command would need sudo."""

import getpass
import grp
import os
import pwd
from collections.abc import Collection, Sequence
from functools import cache
from typing import Literal

from machine.host import renew
from machine.host.privilege import Action, as_root, is_root
from machine.steps import Report, Step, Unable, run

GROUPS = ("libvirt", "docker")
LIBVIRT_SOCKETS = ("/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock")
CLIENTS = frozenset({"virsh", "docker"})
"""Programs that ask libvirt and Docker."""
State = Literal["allowed", "login", "missing"]
"""May use both; will from the next login on; may not."""
LOG_IN = "log in again: a login is what gives a user new groups"


def state() -> State:
    """How it stands with this process's user."""
    lacking = missing()
    return judge(lacking, missing_of(_database_groups())) if lacking else "allowed"


def judge(missing: Collection[str], not_joined: Collection[str]) -> State:
    """The same, from the groups that this process and that the user lacks."""
    if not missing:
        return "allowed"
    return "missing" if not_joined else "login"


def missing() -> tuple[str, ...]:
    """The groups that this process ought to be in and is not.

    Where everybody may write to libvirt's socket it is polkit that decides, by the database.
    """
    if is_root():
        return ()
    lacking = missing_of(_process_groups())
    if "libvirt" in lacking and any(os.access(socket, os.W_OK) for socket in LIBVIRT_SOCKETS):
        return missing_of(_process_groups() | (_database_groups() & {"libvirt"}))
    return lacking


def missing_of(groups: Collection[str]) -> tuple[str, ...]:
    """The same, from the groups that it is in."""
    return tuple(group for group in GROUPS if group not in groups)


def refusal(command: Sequence[str]) -> str:
    """Why a command must not run now, since it would ask libvirt or Docker; empty where it may.

    A user whom libvirt does not let in is asked for root's password instead, in the terminal.
    """
    if CLIENTS.isdisjoint(command[:3]):
        return ""
    match state():
        case "allowed":
            return ""
        case "login":
            return LOG_IN
        case "missing":
            groups = ", ".join(missing())
            return f"{getpass.getuser()} is not in {groups}: ./lab up adds the user"


def action() -> Action:
    """What is done about it."""
    user = getpass.getuser()
    return Action(
        words=f"let {user} use libvirt and Docker (groups {', '.join(GROUPS)})",
        command=("usermod", "-a", "-G", ",".join(GROUPS), user),
    )


def step() -> Step:
    """Become a member of the groups, and have them."""

    def look() -> str:
        return "" if state() == "allowed" else action().words

    return Step(name="access", look=look, act=_join)


def _join(report: Report) -> None:
    if state() == "missing":
        run(as_root(action().command))
    groups = missing()
    if not renew.possible(groups):
        raise Unable("this user can use libvirt and Docker after the next login", LOG_IN)
    report("starting again with the new groups")
    raise renew.StartAgain(groups)


@cache
def _process_groups() -> frozenset[str]:
    """They stay what they are as long as this process lives."""
    return _of_numbers({*os.getgroups(), os.getgid()})


def _database_groups() -> frozenset[str]:
    """The groups that a login would give now."""
    try:
        user = pwd.getpwuid(os.getuid())
    except KeyError:
        return frozenset()
    return _of_numbers(set(os.getgrouplist(user.pw_name, user.pw_gid)))


def _of_numbers(numbers: Collection[int]) -> frozenset[str]:
    return frozenset(group for group in GROUPS if _number(group) in numbers)


def _number(group: str) -> int | None:
    """None where the package that makes it is not installed yet."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None
