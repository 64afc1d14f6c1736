"""What validate tells of copies, and of what is the guest's own."""

from pathlib import Path

import pytest

from isolab.plan.model import Surroundings
from isolab.plan.read import examine_file

CASES = {
    "./nowhere:/data": ("./nowhere is not there", "nowhere:/data"),
    "./nowhere.conf:/etc/app.conf:ro": ("./nowhere.conf is not there", "create it first"),
    "./there:/srv": ("/srv is a copy of ./there", "there:/srv"),
    "/run/docker.sock:/run/docker.sock:ro": ("the guest's", "it gives web all rights"),
    "/:/host:ro,rslave": ("/ at /host is the guest's", ""),
    "/sys:/host/sys": ("/sys at /host/sys is the guest's", "it gives web all rights"),
}


@pytest.mark.parametrize("mount", CASES)
def test_what_becomes_of_a_mount_is_told(tmp_path: Path, mount: str) -> None:
    (tmp_path / "there").mkdir()
    file = tmp_path / "lab.yaml"
    file.write_text(
        f"guests: {{app: {{}}}}\nservices: {{web: {{image: 'a:1', volumes: ['{mount}']}}}}\n"
    )
    examined = examine_file(file, {}, Surroundings(stack="lab"))
    assert examined.plan, examined.errors
    (told,) = examined.warnings
    message, hint = CASES[mount]
    assert message in told.message
    assert hint in told.hint
    assert bool(hint) == bool(told.hint)


def test_a_copy_that_is_only_read_needs_no_word(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file = tmp_path / "lab.yaml"
    service = "image: 'a:1', volumes: ['./there:/srv:ro']"
    file.write_text(f"guests: {{app: {{}}}}\nservices: {{web: {{{service}}}}}\n")
    assert examine_file(file, {}, Surroundings(stack="lab")).warnings == ()
