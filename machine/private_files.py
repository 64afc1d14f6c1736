"""Files that only their owner reads: keys, and what holds keys."""

import os
from pathlib import Path


def write(file: Path, content: bytes) -> None:
    """Replace the file at once: a program that reads it sees the old or the new one whole."""
    if file.exists() and file.read_bytes() == content:
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_bytes(content)
    partial.rename(file)
