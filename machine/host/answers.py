"""Asks daemons that may still be starting; of what is no answer it is told in a few words.

A socket may let in before its program listens, and a connection may end at any point: only a whole
answer counts, and no try lasts longer than it is given.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PAUSE = 0.1
SOCKETS = Path("/proc/net/unix")
ACCEPTS = 0x10000
"""The flag of a socket that somebody listens on (__SO_ACCEPTCON)."""


def until(ask: Callable[[], str], seconds: float, over: Callable[[], bool] = lambda: False) -> str:
    """Asks until it is answered, which is empty; else what the last try saw.

    Args:
        ask: One try: what it saw instead of an answer.
        seconds: After these no further try is made.
        over: Whether there is nobody left who could answer.
    """
    end = time.monotonic() + seconds
    while (saw := ask()) and time.monotonic() < end and not over():
        time.sleep(PAUSE)
    return saw


def of_command(command: Sequence[str], timeout: float) -> str:
    """Whether a client got its answer: empty, else the last words that it had instead."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {timeout:g} s"
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return (said[-1] if said else f"exit code {done.returncode}") if done.returncode else ""


def of_socket(path: str, question: bytes, is_whole: Callable[[bytes], bool], timeout: float) -> str:
    """Whether a program answers behind a Unix socket: empty, else what came instead.

    One that we may not open is looked for among those that have a listener.
    """
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.settimeout(timeout)
            end.connect(path)
            end.sendall(question)
            while not is_whole(answer):
                piece = end.recv(4096)
                if not piece:
                    behind = "half an answer" if answer else "no answer"
                    return f"the connection was closed behind {behind}"
                answer += piece
    except PermissionError:
        return "" if listens(path) else "nobody listens"
    except TimeoutError:
        return f"no answer within {timeout:g} s"
    except OSError as error:
        return os.strerror(error.errno or 0).lower()
    return ""


def listens(path: str) -> bool:
    """Whether a program listens on a Unix socket, asked of the kernel and not of the program."""
    return path_of_run(path) in listeners(SOCKETS.read_text(errors="replace"))


def listeners(table: str) -> frozenset[str]:
    """The paths that somebody listens on, from the kernel's table of Unix sockets."""
    rows = (line.split(None, 7) for line in table.splitlines()[1:])
    return frozenset(
        path_of_run(row[7]) for row in rows if len(row) == 8 and int(row[3], 16) & ACCEPTS
    )


def path_of_run(path: str) -> str:
    """The one name of a socket in /run, which is /var/run too."""
    return path.replace("/var/run/", "/run/", 1) if path.startswith("/var/run/") else path
