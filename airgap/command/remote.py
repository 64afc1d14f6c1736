"""Commands on another machine, over ssh."""

import threading

from paramiko.channel import Channel
from paramiko.common import cMSG_CHANNEL_REQUEST
from paramiko.message import Message
from paramiko.ssh_exception import SSHException

from airgap.command.command import FIELDS, Command, Outcome, Task, text
from airgap.command.ssh import Connections, Target
from airgap.command.streams import Lines
from airgap.framework import Change, Context, Failure, Inputs, State
from airgap.framework.schema import INTEGER, STRING, Field, Object

_CONNECTION = Object(
    {
        "host": Field(STRING, required=True),
        "port": Field(INTEGER, default=22),
        "user": Field(STRING, default="root"),
        "privateKey": Field(STRING, secret=True),
        "privateKeyPassword": Field(STRING, secret=True),
        "password": Field(STRING, secret=True),
        "hostKey": Field(STRING),
        "dialErrorLimit": Field(INTEGER, default=10),
        "perDialTimeout": Field(INTEGER, default=15),
    },
    instead={
        "agentSocketPath": "privateKey",
        "proxy": "a host that can be reached from this machine",
    },
)
_CHECK_CANCELLED = 0.5


class RemoteCommand(Command):
    """A command run by the shell of a user of another machine."""

    token = "command:remote:Command"
    inputs = Object({"connection": Field(_CONNECTION, required=True), **FIELDS})

    def adjust(self, changes: list[Change], state: State, inputs: Inputs) -> list[Change]:
        # A connection holds keys: that it changed is told, not what in it.
        others = [change for change in changes if change.top != "connection"]
        if len(others) < len(changes):
            others.append(Change(path="connection", what="update"))
        return others

    def run(self, context: Context[Connections], inputs: Inputs, task: Task) -> Outcome:
        target = Target.of(inputs["connection"])
        with context.client.session(target, context) as channel:
            return _run(channel, target, task, context)


def _run(channel: Channel, target: Target, task: Task, context: Context[Connections]) -> Outcome:
    if task.previous:
        channel.update_environment(dict(task.previous))
    for name, value in task.environment.items():
        _set_variable(channel, name, value)
    stdout = Lines(lambda line: task.logged("stdout", line))
    stderr = Lines(lambda line: task.logged("stderr", line))
    channel.settimeout(_CHECK_CANCELLED)
    channel.exec_command(task.command)
    threads = [
        threading.Thread(target=_drain, args=(channel.recv_stderr, stderr, channel)),
        threading.Thread(target=_feed, args=(channel, task.stdin.encode(), context)),
        threading.Thread(target=_watch, args=(channel, context), daemon=True),
    ]
    for thread in threads:
        thread.start()
    _drain(channel.recv, stdout, channel)
    for thread in threads[:2]:
        thread.join()
    status = channel.recv_exit_status()
    if context.ending.is_set():
        raise Failure(f"{context.ending.reason} while a command ran on {target.host}")
    if status == -1:
        raise Failure(f"the connection to {target.host} was lost while a command ran there")
    return Outcome(
        stdout=text(stdout.end()),
        stderr=text(stderr.end()),
        failure=f"Process exited with status {status}" if status else "",
    )


def _drain(receive: object, lines: Lines, channel: Channel) -> None:
    while True:
        try:
            piece = receive(65536)  # type: ignore[operator]
        except TimeoutError:
            if channel.closed:
                return
            continue
        if not piece:
            return
        lines.add(piece)


def _feed(channel: Channel, data: bytes, context: Context[Connections]) -> None:
    sent = 0
    try:
        while sent < len(data) and not context.ending.is_set():
            try:
                sent += channel.send(data[sent : sent + 32768])
            except TimeoutError:
                continue
        channel.shutdown_write()
    except OSError:
        return


def _watch(channel: Channel, context: Context[Connections]) -> None:
    """Ends the command when the user wants everything to end."""
    while not channel.closed and not channel.exit_status_ready():
        if context.ending.wait(_CHECK_CANCELLED):
            channel.close()


def _set_variable(channel: Channel, name: str, value: str) -> None:
    """Sets a variable and waits for the server's word on it, for which paramiko does not ask."""
    request = Message()
    request.add_byte(cMSG_CHANNEL_REQUEST)
    request.add_int(channel.remote_chanid)
    request.add_string("env")
    request.add_boolean(True)
    request.add_string(name)
    request.add_string(value)
    transport = channel.get_transport()
    channel._event_pending()
    transport._send_user_message(request)  # pyright: ignore
    try:
        channel._wait_for_event()
    except SSHException as error:
        raise Failure(
            f"Unable to set '{name}'. This only works if your SSH server is configured to accept "
            "these variables via AcceptEnv. Alternatively, set it in the command itself: could not "
            f'set environment variable "{name}": ssh: setenv failed'
        ) from error
