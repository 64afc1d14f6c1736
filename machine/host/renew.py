"""Starts this command again with groups that its user has joined since the login.

`sg` gives a process one more group, without a password where the user is a member. It is set-uid,
so the dynamic linker takes variables away from it, and it waits for the command as a process in
between. The whole environment therefore goes through a socket, and so do signals; a command whose
first process was killed ends like it.
"""

import grp
import os
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from machine import steps

RENEWED = "ISOLAB_RENEWED"
"""The variable of a process that was started again: it is not tried twice."""
SOCKET = "ISOLAB_RENEWED_BY"
"""The variable with the file descriptor that leads to the first process."""
BEGAN = "ISOLAB_BEGAN"
"""The variable with the time on the monotonic clock at which the first process began."""
ENTRY = Path(__file__).with_name("renewed.py")
PROBE = 20.0
"""Seconds for sg to start a command that does nothing."""
POLL = 0.5
LENGTH = struct.Struct("!Q")
_began = time.monotonic()


def began() -> float:
    """When the command began, on the monotonic clock; its first process, where it has had two."""
    return _began


class StartAgain(BaseException):
    """Leaves the command, with all that it holds, so that it begins again; no error."""

    def __init__(self, groups: Sequence[str]) -> None:
        super().__init__(f"start again in {', '.join(groups)}")
        self.groups = tuple(groups)


def possible(groups: Sequence[str]) -> bool:
    """Whether this process can be started again with these groups, and without a password."""
    return RENEWED not in os.environ and bool(_chain(tuple(groups)))


@cache
def _chain(groups: tuple[str, ...]) -> tuple[str, ...]:
    """The groups in an order in which `sg` gives them all, the last one first; empty for none.

    The primary group should be the user's own. shadow's sg (Debian 12) adds the group that it is
    asked for, util-linux's (Debian 13) puts it in the place of the primary one.
    """
    primary = _primary()
    if not primary or not shutil.which("sg"):
        return ()
    wanted = {str(grp.getgrnam(group).gr_gid) for group in groups}
    for order in ((primary, *groups), groups):
        if wanted <= set(_probed(with_groups(order, ["id", "-G"])).split()):
            return order
    return ()


def _probed(command: Sequence[str]) -> str:
    try:
        return steps.run(command, timeout=PROBE)
    except steps.Unable:
        return ""


def with_groups(order: Sequence[str], command: Sequence[str]) -> list[str]:
    """The command with these groups; the first one becomes the primary one."""
    wrapped = list(command)
    for group in order:
        wrapped = ["sg", group, "-c", f"exec {shlex.join(wrapped)}"]
    return wrapped


def again(groups: Sequence[str]) -> int:
    """Run this process's command line with the groups; its exit code."""
    ours, theirs = socket.socketpair()
    words = [str(ENTRY), str(theirs.fileno()), "-m", "isolab", *sys.argv[1:]]
    command = with_groups(_chain(tuple(groups)), [sys.executable, "-I", *words])
    with ours:
        with theirs:
            child = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        more = {RENEWED: "yes", BEGAN: str(began())}
        environment = pack({**os.environb, **{k.encode(): v.encode() for k, v in more.items()}})
        ours.sendall(LENGTH.pack(len(environment)) + environment)
        return _wait(child, ours)


def pack(environment: dict[bytes, bytes]) -> bytes:
    """An environment as bytes."""
    return b"\0".join(name + b"=" + value for name, value in environment.items())


def attend() -> None:
    """In the process that was started again: heed what the first one is told."""
    global _began
    _began = float(os.environ.pop(BEGAN, _began))
    given = os.environ.pop(SOCKET, "")
    if not given:
        return
    first = socket.socket(fileno=int(given))
    first.set_inheritable(False)
    threading.Thread(target=_heed, args=(first,), daemon=True).start()


def _heed(first: socket.socket) -> None:
    while told := first.recv(1):
        os.kill(os.getpid(), told[0])
    os.kill(os.getpid(), signal.SIGKILL)


def _wait(child: subprocess.Popen[bytes], link: socket.socket) -> int:
    """Pass on what is sent to this process alone; a terminal's signals reach the child anyway."""
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signal.pthread_sigmask(signal.SIG_BLOCK, [*wanted, signal.SIGCHLD])
    while child.poll() is None:
        seen = signal.sigtimedwait([*wanted, signal.SIGCHLD], POLL)
        if seen and seen.si_signo in wanted and seen.si_code <= 0:
            try:
                link.send(bytes([seen.si_signo]))
            except OSError:
                # It has become another program, which nobody can tell anything.
                continue
    code = child.returncode
    return 128 - code if code < 0 else code


def _primary() -> str:
    """The group of files that this process makes; empty where it has no name."""
    try:
        return grp.getgrgid(os.getgid()).gr_name
    except KeyError:
        return ""
