"""A lab file as it was at a revision of git, with everything that it may include."""

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from isolab.cli.errors import BAD_INPUT, Failure
from machine.host import scratch

_STORED_BY_GIT = 0o170000 | stat.S_IXUSR


@contextmanager
def lab_file(file: Path, revision: str) -> Iterator[Path]:
    """The file among its neighbours of then, in a folder that is gone at the end.

    Git writes the revision's tree there; the checkout and its index stay as they are.

    Raises:
        Failure: There is no git, no such revision, or no such file in it.
    """
    root = Path(_git(file.resolve().parent, "rev-parse", "--show-toplevel").strip())
    name = file.resolve().relative_to(root.resolve()).as_posix()
    commit = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()
    _git(root, "cat-file", "-e", f"{commit}:{name}")
    with scratch.folder() as made:
        folder = made.path
        with subprocess.Popen(
            ["git", "-C", str(root), "archive", "--format=tar", commit], stdout=subprocess.PIPE
        ) as archive:
            subprocess.run(["tar", "-x", "-C", folder], stdin=archive.stdout, check=True)
        _as_in_checkout(folder, root)
        yield folder / name


def _as_in_checkout(then: Path, now: Path) -> None:
    """Give what is of then the mode and owner of now.

    Git knows of a mode only whether a file can be run, and of no owner: the rest is no change.
    """
    for path in then.rglob("*"):
        try:
            before, after = path.lstat(), (now / path.relative_to(then)).lstat()
        except OSError:
            continue
        same = not _STORED_BY_GIT & (before.st_mode ^ after.st_mode)
        if same and not stat.S_ISLNK(before.st_mode):
            path.chmod(stat.S_IMODE(after.st_mode))
            with suppress(PermissionError):
                os.chown(path, after.st_uid, after.st_gid)


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as missing:
        raise Failure(
            BAD_INPUT, "--against needs git, which is not on this machine", "apt-get install git"
        ) from missing
    if done.returncode:
        said = done.stderr.strip().removeprefix("fatal: ") or f"no revision {words[-1]!r}"
        raise Failure(BAD_INPUT, f"--against: {said}", "name a revision that has the lab file")
    return done.stdout
