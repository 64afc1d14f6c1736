"""The user's own way to libvirt and Docker: without it, every command would need sudo."""

import getpass
import grp
import os
import sys
from collections.abc import Collection

from machine.privilege import as_root, is_root
from machine.steps import Report, Step, run

GROUPS = ("libvirt", "docker")


def missing() -> tuple[str, ...]:
    """The groups that this process ought to be in and is not."""
    if is_root():
        return ()
    return missing_of({grp.getgrgid(number).gr_name for number in os.getgroups()})


def missing_of(groups: Collection[str]) -> tuple[str, ...]:
    """The same, from the groups that it is in."""
    return tuple(group for group in GROUPS if group not in groups)


def deed() -> str:
    """What is done about it, in words."""
    return f"let {getpass.getuser()} use libvirt and Docker (groups {', '.join(GROUPS)})"


def step() -> Step:
    """Become a member of the groups."""
    return Step(name="access", look=lambda: deed() if missing() else "", act=_join)


def _join(report: Report) -> None:
    user = getpass.getuser()
    run(as_root(["usermod", "-a", "-G", ",".join(GROUPS), user]))
    report("starting again with the new groups")
    # Groups are read at login; sudo to oneself is one, and this command goes on in it.
    os.execvp("sudo", again(user, [sys.executable, "-m", "isolab", *sys.argv[1:]]))


def again(user: str, command: list[str]) -> list[str]:
    """The command as the same user, with the groups that he has by now."""
    kept = "--preserve-env=PATH,HOME,PYTHONPATH,ISOLAB_HOME,ISOLAB_CACHE,ISOLAB_PLUGINS"
    return ["sudo", kept, "-u", user, "--", *command]
