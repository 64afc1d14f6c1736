"""Gives files that root made in a user's folders to the user."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """A user, by numbers."""

    user: int
    group: int


def parse(text: str) -> Owner | None:
    """From USER:GROUP; None where there is nothing."""
    user, _, group = text.partition(":")
    return Owner(user=int(user), group=int(group)) if group else None


def give(trees: Iterable[Path], owner: Owner) -> None:
    """What is root's in those of the trees that are the user's becomes the user's.

    Links are not followed and other file systems not entered.
    """
    for tree in trees:
        if tree.is_dir() and tree.stat().st_uid == owner.user:
            _give_below(tree, owner)


def _give_below(tree: Path, owner: Owner) -> None:
    device = tree.stat().st_dev
    for _, folders, files, descriptor in os.fwalk(tree, follow_symlinks=False):
        left_alone: set[str] = set()
        for name in (*folders, *files):
            # Another process may remove it meanwhile.
            with suppress(FileNotFoundError):
                found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                if found.st_dev != device:
                    left_alone.add(name)
                elif found.st_uid == ROOT:
                    numbers = (owner.user, owner.group)
                    os.chown(name, *numbers, dir_fd=descriptor, follow_symlinks=False)
        folders[:] = [name for name in folders if name not in left_alone]
