"""The command program of the records, on the engine and an ssh server of the test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import harness
import pytest
import sshd

PROGRAM = Path(__file__).with_name("command_program.py").read_text()

needed = pytest.mark.skipif(
    not (sshd.PROGRAM and harness.engine()), reason="needs sshd and a Pulumi CLI"
)


@contextmanager
def ready(folder: Path, server: sshd.Server) -> Iterator[harness.Bench]:
    """The program in a folder, not yet run; what it makes is gone at the end."""
    made = harness.Bench(folder, PROGRAM, ["command"])
    keys = {"good": server.key("host.pub"), "bad": server.key("other.pub"), "none": None}
    made.place(
        {
            "port": server.port,
            "user": server.user,
            "key": server.key("client"),
            "host_keys": keys,
        }
    )
    yield made
    made.scenario({})
    made.destroy()
