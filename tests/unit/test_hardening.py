"""What validate tells of images that hardening would keep from starting."""

from pathlib import Path

import pytest

from isolab.plan.model import Surroundings
from isolab.plan.read import examine_file


def warnings(folder: Path, head: str, service: str) -> list[str]:
    file = folder / "lab.yaml"
    file.write_text(f"{head}guests: {{app: {{}}}}\nservices:\n  db: {{{service}}}\n")
    examined = examine_file(file, {}, Surroundings(stack="lab"))
    assert examined.plan, examined.errors
    return [problem.path for problem in examined.warnings]


@pytest.mark.parametrize(
    "service",
    [
        "image: 'postgres:16'",
        "image: docker.io/library/redis",
        "image: 'nginx:1', user: root",
        "image: 'nginx:1', cap_add: [NET_RAW]",
        "image: 'mariadb@sha256:" + "a" * 64 + "'",
    ],
)
def test_a_hardened_image_that_changes_its_user_is_a_warning(tmp_path: Path, service: str) -> None:
    assert warnings(tmp_path, "security: hardened\n", service) == ["services.db.image"]


@pytest.mark.parametrize(
    ("head", "service"),
    [
        ("", "image: 'postgres:16'"),
        ("security: hardened\n", "image: 'postgres:16', user: '999:999'"),
        ("security: hardened\n", "image: 'postgres:16', cap_add: [CAP_SETUID, SETGID]"),
        ("security: hardened\n", "image: 'postgres:16', cap_drop: [NET_RAW]"),
        ("security: hardened\n", "image: 'postgres:16', x-isolab: {security: compose}"),
        ("security: hardened\n", "image: registry.example.org/postgres"),
    ],
)
def test_what_can_start_is_none(tmp_path: Path, head: str, service: str) -> None:
    assert warnings(tmp_path, head, service) == []
