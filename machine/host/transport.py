"""One way to run a command anywhere: on the host, on a guest, in a container."""

import shlex
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from isolab.transport import Result, Unreachable
from machine.host import access
from machine.keys import KeyFiles
from machine.steps import wants_terminal

SSH_COULD_NOT = 255
"""ssh's own exit code, as opposed to the command's."""
DOCKER_COULD_NOT = (
    "Error response from daemon",
    "Error: No such container",
    "Cannot connect to the Docker daemon",
    "error during connect",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class HostTransport:
    """This machine."""

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        """The command itself."""
        return list(command)

    @property
    def where(self) -> str:
        """What to call it."""
        return "the host"

    def run(self, command: Sequence[str], input: str = "", timeout: float = 30) -> Result:
        """Run it here."""
        return _run(self.argv(command), input, timeout, where=self.where)


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestTransport:
    """A guest, by ssh with the stack's key and the guest's pinned host key."""

    name: str
    address: str
    keys: KeyFiles
    options: tuple[str, ...] = ()
    """Further options of ssh."""

    @property
    def where(self) -> str:
        """What to call it."""
        return f"guest {self.name}"

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        """ssh; without a command it opens a shell."""
        line = [shlex.join(command)] if command else []
        return self.shell_argv(line, terminal=terminal)

    def shell_argv(self, words: Sequence[str], *, terminal: bool = False) -> list[str]:
        """ssh with words that the guest's shell reads, as ssh itself has it."""
        options = [*self.keys.ssh_options, *self.options, *(["-t"] if terminal else [])]
        return ["ssh", *options, f"root@{self.address}", "--", *words]

    def run(self, command: Sequence[str], input: str = "", timeout: float = 30) -> Result:
        """Run it on the guest."""
        result = _run(self.argv(command), input, timeout, where=self.where)
        if result.code == SSH_COULD_NOT:
            raise Unreachable(f"{self.where}: {_last_line(result.stderr)}")
        return result

    def close(self) -> None:
        """End the connection that its commands share, where they do."""
        if self.options:
            target = f"root@{self.address}"
            _run(
                ["ssh", *self.keys.ssh_options, *self.options, "-O", "exit", target], "", 10, "ssh"
            )


def shared_connection(guest: GuestTransport, sockets: str) -> GuestTransport:
    """The same guest, its commands over one connection; ssh keeps its socket in that folder."""
    options = (
        "ControlMaster=auto",
        f"ControlPath={sockets}/%C",
        "ControlPersist=60",
        "ServerAliveInterval=3",
    )
    return replace(guest, options=tuple(word for option in options for word in ("-o", option)))


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerTransport:
    """A container, through its guest's Docker."""

    name: str
    guest: GuestTransport | HostTransport
    """What it runs on."""

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        """docker exec, on its guest or the host."""
        flags = ["-it"] if terminal else ["-i"]
        return self.guest.argv(["docker", "exec", *flags, self.name, *command], terminal=terminal)

    def run(self, command: Sequence[str], input: str = "", timeout: float = 30) -> Result:
        """Run it in the container."""
        where = f"container {self.name} on {self.guest.where}"
        result = _run(self.argv(command), input, timeout, where=where)
        if result.code == SSH_COULD_NOT or result.stderr.startswith(DOCKER_COULD_NOT):
            raise Unreachable(f"{where}: {_last_line(result.stderr)}")
        return result


def _run(argv: list[str], input: str, timeout: float, where: str) -> Result:
    refusal = access.refusal(argv)
    if refusal:
        raise Unreachable(f"{where}: {refusal}")
    begin = time.monotonic()
    try:
        done = subprocess.run(
            argv,
            input=input,
            capture_output=True,
            text=True,
            timeout=timeout,
            start_new_session=not wants_terminal(argv),
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise Unreachable(f"{where}: no answer within {timeout:g} s") from expired
    except FileNotFoundError as missing:
        raise Unreachable(f"{where}: {argv[0]} is not installed") from missing
    return Result(
        stdout=done.stdout,
        stderr=done.stderr,
        code=done.returncode,
        duration=time.monotonic() - begin,
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no answer"])[-1]
