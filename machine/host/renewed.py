"""The entry of a process that isolab started again: `python renewed.py SOURCE WORDS…`.

Reads its environment from a socket, by its number, or from a file that it removes; then becomes
Python with these words. It runs by its path, without PYTHONPATH, so it stands alone.
"""

import os
import socket
import struct
import sys

LENGTH = struct.Struct("!Q")


def main(source: str, words: list[str]) -> None:
    """Take the environment over and go on as the real command."""
    if source.isdecimal():
        content, more = _from_socket(int(source)), {b"ISOLAB_RENEWED_BY": source.encode()}
    else:
        content, more = _from_file(source), {}
    environment = dict(pair.split(b"=", 1) for pair in content.split(b"\0"))
    os.execve(sys.executable, [sys.executable, *words], environment | more)


def _from_file(path: str) -> bytes:
    with open(path, "rb") as file:
        os.unlink(path)
        return file.read()


def _from_socket(descriptor: int) -> bytes:
    with socket.socket(fileno=os.dup(descriptor)) as first:
        (length,) = LENGTH.unpack(_exactly(first, LENGTH.size))
        return _exactly(first, length)


def _exactly(first: socket.socket, length: int) -> bytes:
    content = bytearray()
    while len(content) < length:
        piece = first.recv(length - len(content))
        if not piece:
            sys.exit("the first process has ended")
        content += piece
    return bytes(content)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
