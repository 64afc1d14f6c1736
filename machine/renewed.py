"""The entry of a process that isolab started again: `python renewed.py SOCKET WORDS…`.

Reads its environment from the socket, then becomes Python with these words. It runs by its path,
without PYTHONPATH, so it stands alone.
"""

import os
import socket
import struct
import sys

LENGTH = struct.Struct("!Q")


def main(descriptor: int, words: list[str]) -> None:
    """Take the environment over and go on as the real command."""
    with socket.socket(fileno=os.dup(descriptor)) as first:
        (length,) = LENGTH.unpack(_exactly(first, LENGTH.size))
        pairs = _exactly(first, length).split(b"\0")
    environment = dict(pair.split(b"=", 1) for pair in pairs)
    environment[b"ISOLAB_RENEWED_BY"] = str(descriptor).encode()
    os.execve(sys.executable, [sys.executable, *words], environment)


def _exactly(first: socket.socket, length: int) -> bytes:
    content = bytearray()
    while len(content) < length:
        piece = first.recv(length - len(content))
        if not piece:
            sys.exit("the first process has ended")
        content += piece
    return bytes(content)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
