"""A lab file as it was at a revision of git, with everything that it may include."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isolab.cli.errors import BAD_INPUT, Failure


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
    with tempfile.TemporaryDirectory(prefix="isolab-revision-") as folder:
        with subprocess.Popen(
            ["git", "-C", str(root), "archive", "--format=tar", commit], stdout=subprocess.PIPE
        ) as archive:
            subprocess.run(["tar", "-x", "-C", folder], stdin=archive.stdout, check=True)
        yield Path(folder) / name


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as missing:
        raise Failure(BAD_INPUT, "--against needs git", "apt-get install git") from missing
    if done.returncode:
        said = done.stderr.strip().removeprefix("fatal: ") or f"no revision {words[-1]!r}"
        raise Failure(BAD_INPUT, f"--against: {said}", "name a revision that has the lab file")
    return done.stdout
