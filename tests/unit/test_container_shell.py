"""A container's shell ends with its terminal, though Docker goes on without its client."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from isolab.cli.context import container_shell
from machine.host.transport import HostTransport
from webapp.terminal import Terminal

DOCKER = """#!/bin/sh
# docker exec -it -e MARK CONTAINER …: what is run has another parent and session than the client.
setsid --fork env "$4" sh -c 'sleep 300 & echo $! >"$0.job"; echo $$ >"$0.shell"; wait' "$FILE"
sleep 300
"""


def numbers(file: Path) -> list[int]:
    """The processes that the container has."""
    found = [file.with_name(f"{file.name}{end}") for end in (".job", ".shell")]
    return [int(each.read_text()) for each in found if each.exists() and each.read_text().strip()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_it_ends_with_all_that_it_began(tmp_path: Path) -> None:
    program, file = tmp_path / "docker", tmp_path / "pid"
    program.write_text(DOCKER)
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "FILE": str(file)}
    line = container_shell.argv("web-1", HostTransport())

    async def open_and_end() -> None:
        terminal = Terminal(line, environment)
        while len(numbers(file)) < 2:
            await asyncio.sleep(0.02)
        assert all(map(is_alive, numbers(file)))
        await terminal.end()

    def run() -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(asyncio.wait_for(open_and_end(), 20))
        finally:
            loop.close()

    # The tests in the browser leave a loop at work in the main thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()
    deadline = time.monotonic() + 10
    while any(map(is_alive, numbers(file))):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_each_terminal_has_a_mark_of_its_own() -> None:
    one, other = (container_shell.argv("web-1", HostTransport()) for _ in range(2))
    assert one != other


@pytest.mark.parametrize("word", ["exec docker exec -it", "setsid --fork"])
def test_the_line_is_for_what_the_container_runs_on(word: str) -> None:
    assert word in container_shell.argv("web-1", HostTransport())[-1]
