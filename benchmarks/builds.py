"""Builds of isolab side by side: this checkout's, and a revision of it in a folder of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from isolab.cli.errors import BAD_INPUT, Failure
from machine import paths


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """A checkout of isolab. Both run on this one's Python packages and engine."""

    name: str
    folder: Path

    def command(self, *words: str | Path) -> list[str]:
        """`./lab WORDS` of this build, without what the entry script makes first."""
        return [sys.executable, "-m", "isolab", *map(str, words)]

    def variables(self, given: Mapping[str, str]) -> dict[str, str]:
        """The environment in which Python finds this build's modules, and nothing of another's."""
        foreign = ("ISOLAB_", "PULUMI_", "PYTHON")
        own = {name: value for name, value in given.items() if not name.startswith(foreign)}
        return {**own, "PYTHONPATH": str(self.folder)}


@contextmanager
def compared(revision: str | None) -> Iterator[tuple[Build, ...]]:
    """This build, and that of a revision where one is given; its folder goes at the end."""
    here = Build(name="this build", folder=paths.REPO)
    if revision is None:
        yield (here,)
        return
    with tempfile.TemporaryDirectory(prefix="isolab-revision-") as folder:
        there = Path(folder) / "isolab"
        _git("worktree", "add", "--quiet", "--detach", str(there), revision)
        try:
            environment = there / ".venv"
            environment.symlink_to(Path(sys.prefix))
            yield here, Build(name=revision, folder=there)
        finally:
            _git("worktree", "remove", "--force", str(there))


def _git(*words: str) -> None:
    done = subprocess.run(
        ["git", "-C", paths.REPO, *words],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        check=False,
    )
    if done.returncode:
        hint = "--against needs a revision that this repository has, as in --against HEAD~1"
        raise Failure(BAD_INPUT, done.stderr.strip(), hint)
