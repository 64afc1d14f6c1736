"""Which libvirt a lab file may name: one on this machine."""

from pathlib import Path

import pytest

from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

LAB = 'host: {libvirt: "URI"}\nguests: {app: {}}\nservices: {web: {image: "a:1"}}\n'


@pytest.mark.parametrize(
    ("uri", "taken"),
    [
        ("qemu:///system", True),
        ("qemu+unix:///system?socket=/run/x@y//z", True),
        ("qemu+tcp://localhost:16509/system", True),
        ("qemu://[::1]/system", True),
        ("qemu+ssh://root@elsewhere/system", False),
        ("qemu://10.0.0.1/system", False),
        ("qemu+ssh://root@[fe80::1]/system", False),
    ],
)
def test_a_libvirt_of_another_machine_is_refused(uri: str, taken: bool, tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB.replace("URI", uri))
    planned = plan_file(file, {}, Surroundings(stack="test"))
    assert isinstance(planned, Plan) == taken
