"""What compose files that people publish hold, and what `validate` says of it."""

from pathlib import Path

import pytest

from isolab.plan.model import Surroundings
from isolab.plan.read import examine_file


def warnings(folder: Path, service: str) -> list[tuple[str, str]]:
    file = folder / "lab.yaml"
    file.write_text(f"guests: {{app: {{}}}}\nservices: {{web: {{image: 'a:1', {service}}}}}\n")
    examined = examine_file(file, {}, Surroundings(stack="lab"))
    assert examined.plan, examined.errors
    return [(problem.path, problem.message) for problem in examined.warnings]


@pytest.mark.parametrize("key", ["environment", "labels"])
def test_a_name_that_a_list_gives_twice_is_told(tmp_path: Path, key: str) -> None:
    told = warnings(tmp_path, f"{key}: [A=1, B, A=2]")
    assert told == [(f"services.web.{key}[2]", "A is given twice: the last one counts")]
    assert warnings(tmp_path, f"{key}: [A=1, B, AB=2]") == []


def test_a_mode_for_swarm_is_told(tmp_path: Path) -> None:
    told = warnings(tmp_path, "deploy: {mode: global}")
    expected = "global has no effect, as in Compose: it is for Swarm"
    assert told == [("services.web.deploy.mode", expected)]
    assert warnings(tmp_path, "deploy: {mode: replicated}") == []


@pytest.mark.parametrize(
    ("check", "seconds"),
    [("test: 'true', interval: 5m", 300), ("test: 'true', interval: 2m", 0)],
)
def test_a_first_check_that_comes_late_is_told(tmp_path: Path, check: str, seconds: int) -> None:
    told = [message for _, message in warnings(tmp_path, f"healthcheck: {{{check}}}")]
    assert [f"waits {seconds} s" in message for message in told] == ([True] if seconds else [])


def test_a_healthcheck_that_is_switched_off_makes_nobody_wait(tmp_path: Path) -> None:
    assert warnings(tmp_path, "healthcheck: {disable: true, interval: 1h}") == []


@pytest.mark.parametrize("key", ["command", "entrypoint"])
def test_what_compose_passes_over_of_a_line_is_told(tmp_path: Path, key: str) -> None:
    told = "'&& b' is passed over, as in Compose: no shell reads the line"
    assert warnings(tmp_path, f"{key}: a && b") == [(f"services.web.{key}", told)]
    assert warnings(tmp_path, f"{key}: [a, '&&', b]") == []
    assert warnings(tmp_path, f"{key}: \"sh -c 'a && b';\"") == []
