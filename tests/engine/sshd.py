"""An ssh server of the test's own: on the loopback, with keys of its own, ended with the test."""

import getpass
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROGRAM = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass(kw_only=True)
class Server:
    """One sshd and the keys to it."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @classmethod
    def prepare(cls, folder: Path) -> "Server":
        """Keys and settings; `start` starts it."""
        folder.mkdir(mode=0o755)
        for name in ("host", "other", "client"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(command, check=True)
        shutil.copy(folder / "client.pub", folder / "authorized_keys")
        server = cls(folder=folder, port=free_port())
        known = f"[127.0.0.1]:{server.port} {server.key('host.pub')}"
        (folder / "known_hosts").write_text(known)
        (folder / "sshd_config").write_text(
            f"Port {server.port}\n"
            "ListenAddress 127.0.0.1\n"
            f"HostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\n"
            "PidFile none\n"
            "StrictModes no\n"
            "UsePAM no\n"
            "MaxStartups 100\n"
        )
        return server

    @property
    def user(self) -> str:
        return getpass.getuser()

    def key(self, name: str) -> str:
        """The text of a key: `client`, `host.pub`, …"""
        return (self.folder / name).read_text()

    def start(self) -> None:
        """Listens before it returns."""
        assert PROGRAM
        Path("/run/sshd").mkdir(exist_ok=True)  # where it gives up its privileges
        self.process = subprocess.Popen(
            [PROGRAM, "-D", "-e", "-f", str(self.folder / "sshd_config")],
            stderr=(self.folder / "log").open("ab"),
        )
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except ConnectionRefusedError:
                assert self.process.poll() is None, self.key("log")

    def stop(self) -> None:
        """Ends it and the sessions that it serves."""
        if self.process is not None:
            found = subprocess.run(
                ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
            )
            self.process.terminate()
            self.process.wait()
            for session in found.stdout.split():
                subprocess.run(["kill", session], check=False, stderr=subprocess.DEVNULL)
            self.process = None
