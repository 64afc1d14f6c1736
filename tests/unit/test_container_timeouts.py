"""How long a container may take to be healthy, in the words of Docker's provider."""

from pathlib import Path
from typing import Any

import pulumi_docker as docker
import pytest

from components.service import TIMEOUT, container_inputs
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file


class Image(docker.RemoteImage):
    """One that has an id without an engine."""

    def __init__(self) -> None:
        self._id = "sha256:" + "a" * 64

    @property
    def image_id(self) -> Any:
        return self._id


@pytest.mark.parametrize(
    ("health", "seconds"),
    [
        ("interval: 5s", TIMEOUT),
        ("interval: 1m, timeout: 30s", TIMEOUT),
        ("interval: 5m, timeout: 10s", TIMEOUT + 310),
        ("interval: 5s, start_period: 1m", TIMEOUT),
        ("interval: 5s, start_period: 5m", TIMEOUT + 300),
        ("interval: 5m, start_period: 2m, timeout: 10s", TIMEOUT + 310),
        ("interval: 5s, start_period: 336h", TIMEOUT + 900),
    ],
)
def test_it_is_longer_where_the_first_check_comes_late_or_the_start_takes_long(
    tmp_path: Path, health: str, seconds: int
) -> None:
    file = tmp_path / "lab.yaml"
    check = f"healthcheck: {{test: [CMD, 'true'], {health}}}"
    file.write_text(f"guests: {{app: {{}}}}\nservices: {{web: {{image: 'a:1', {check}}}}}\n")
    plan = plan_file(file, {}, Surroundings(stack="lab"))
    assert isinstance(plan, Plan), plan
    (container,) = plan.guests[0].containers
    assert container_inputs(container, Image())["wait_timeout"] == seconds
