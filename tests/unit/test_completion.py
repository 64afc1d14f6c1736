"""./lab completion: the shell offers what the commands take."""

import shutil
import subprocess
from pathlib import Path

import pytest

from isolab.cli import COMMANDS
from isolab.cli.commands.completion import SHELLS, script

REPO = Path(__file__).parents[2]


def offered(*words: str, folder: Path = REPO) -> set[str]:
    """What bash offers for the last of the words."""
    asked = " ".join(f"'{word}'" for word in ("./lab", *words))
    ask = f"""
        COMP_WORDS=({asked}); COMP_CWORD={len(words)}
        $(complete -p lab | sed 's/.*-F \\([^ ]*\\).*/\\1/') ./lab
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script("lab", "bash") + ask],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return set(done.stdout.split())


def test_it_offers_all_commands() -> None:
    assert offered("") == set(COMMANDS)


def test_it_offers_a_commands_options() -> None:
    assert {"--help", "--stack", "--yes"} <= offered("up", "--")
    assert {"--format", "--output"} <= offered("draw", "--")


def test_it_offers_an_options_choices() -> None:
    assert offered("draw", "--format", "") == {"text", "mermaid", "dot", "svg", "html"}


def test_it_offers_what_is_below_a_command() -> None:
    assert {"list", "add", "pull"} <= offered("image", "")


def test_it_offers_files_where_files_are_taken() -> None:
    assert offered("validate", "ref", folder=REPO / "stacks") == {"reference.yaml"}


def test_it_is_named_after_the_program() -> None:
    assert "-F _shtab_isolab isolab" in script("isolab", "bash")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_takes_it(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    said = subprocess.run(
        [shell, "--no-execute" if shell == "fish" else "-n"],
        input=script("lab", shell),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
