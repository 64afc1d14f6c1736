"""The database server of this member: its data's position, its command line, its state."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pymysql

from member.settings import Settings
from member.states import NOBODY, Data, Phase, Position, bootstrappable, recovered, saved

DATA = Path("/var/lib/mysql")
GRASTATE = DATA / "grastate.dat"
SOCKET = "/run/mysqld/mysqld.sock"
SETUP = Path("/run/mysqld/setup.sql")
SETTINGS = "/usr/share/isolab/galera.cnf"
ASKING = 5
"""Seconds for an answer over the socket."""
SETTING_UP = 30
"""Seconds for the statements of the set-up."""


def clustered(command: Sequence[str]) -> list[str]:
    """The server's command line with the settings of a cluster, which have to come first."""
    program, *words = command
    return [program, f"--defaults-extra-file={SETTINGS}", *words]


def position(command: Sequence[str]) -> tuple[Data, Position]:
    """How far this member's data goes. Only while no server runs."""
    if not GRASTATE.exists():
        return "empty", Position()
    saved_state = saved(GRASTATE.read_text())
    if saved_state.known:
        return "whole", saved_state
    # Not stopped cleanly: the tables know.
    done = subprocess.run(
        [*command, "--wsrep-recover", "--wsrep-cluster-address=gcomm://", "--skip-networking"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = recovered(done.stdout + done.stderr)
    if found and found.known:
        return "whole", found
    if saved_state.uuid != NOBODY:
        print((done.stdout + done.stderr)[-2000:], flush=True)
        return "broken", Position()
    # A transfer that did not get to its end, or a first start that did not.
    return "empty", Position()


def joining(settings: Settings, start: Position) -> list[str]:
    """Arguments of a member that joins: with them alone it never begins by itself."""
    me = settings.members[settings.name]
    provider = {
        "gmcast.listen_addr": "tcp://0.0.0.0:4567",
        # Docker publishes the ports on the guest's address, which is not the container's own.
        "ist.recv_addr": f"{me}:4568",
        "ist.recv_bind": "0.0.0.0:4568",
        "gcache.size": "16M",
        # Who forms a cluster after a power cut is agreed on here, in one way only.
        "pc.recovery": "no",
    }
    return [
        f"--wsrep-cluster-name={settings.cluster}",
        f"--wsrep-node-name={settings.name}",
        f"--wsrep-node-address={me}",
        f"--wsrep-cluster-address=gcomm://{','.join(settings.others.values())}",
        f"--wsrep-sst-receive-address={me}:4444",
        f"--wsrep-provider-options={';'.join(f'{k}={v}' for k, v in provider.items())}",
        *([f"--wsrep-start-position={start}"] if start.known else []),
    ]


def first(settings: Settings, start: Position) -> list[str]:
    """Arguments of the member that begins."""
    if GRASTATE.exists():
        GRASTATE.write_text(bootstrappable(GRASTATE.read_text()))
    return [*joining(settings, start), "--wsrep-new-cluster", f"--init-file={SETUP}"]


class Server:
    """A running mariadbd."""

    def __init__(self, command: Sequence[str]) -> None:
        # A session of its own: a state transfer that fails kills the server's whole group.
        self._pid = os.posix_spawnp(command[0], command, os.environ, setsid=True)
        self._connection: pymysql.Connection | None = None
        self.code: int | None = None

    def alive(self) -> bool:
        """Whether it still runs; buries whatever else ended in this container."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._pid:
                    self.code = os.waitstatus_to_exitcode(ended[1])
        return self.code is None

    def terminate(self) -> None:
        """Ask it to stop."""
        if self.code is None:
            os.kill(self._pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it at once: its tables recover by themselves."""
        if self.code is None:
            os.kill(self._pid, signal.SIGKILL)

    def phase(self) -> Phase:
        """In the primary component and ready, outside of it, or not answering yet."""
        try:
            rows = self._query(
                "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status')"
            )
        except (pymysql.MySQLError, OSError):
            self._connection = None
            return "starting"
        answers = {str(row[0]): str(row[1]) for row in rows}
        if answers.get("wsrep_cluster_status") != "Primary":
            return "apart"
        return "primary" if answers.get("wsrep_ready") == "ON" else "starting"

    def set_up(self) -> bool:
        """Create what the entrypoint wrote down; the whole cluster gets it. Whether it did."""
        client = ["mariadb", "--no-defaults", f"--socket={SOCKET}"]
        with SETUP.open() as statements, suppress(subprocess.TimeoutExpired):
            return not subprocess.run(client, stdin=statements, timeout=SETTING_UP).returncode
        return False

    def _query(self, statement: str) -> tuple[tuple[object, ...], ...]:
        if self._connection is None:
            self._connection = pymysql.connect(
                unix_socket=SOCKET, user="mysql", autocommit=True,
                connect_timeout=ASKING, read_timeout=ASKING, write_timeout=ASKING,
            )  # fmt: skip
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return tuple(cursor.fetchall())
