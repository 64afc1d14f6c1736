"""What compose files that people publish hold, and what `validate` says of it."""

from pathlib import Path

import pytest

from isolab.plan.model import Surroundings
from isolab.plan.read import Examined, examine_file


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


def examined(folder: Path, lab: str = "", **files: str) -> Examined:
    """What is said of a lab that includes compose.yaml."""
    (folder / "lab.yaml").write_text(f"guests: {{app: {{}}}}\ninclude: [compose.yaml]\n{lab}")
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return examine_file(folder / "lab.yaml", {}, Surroundings(stack="lab"))


UNSET = "the variable A is not set: empty, as in Compose"


def test_a_variable_that_an_included_file_does_not_set_is_empty_and_told_once(
    tmp_path: Path,
) -> None:
    compose = "services: {web: {image: 'a:1', environment: {X: '${A}', Y: 'b$A', Z: '${B:-c}'}}}\n"
    found = examined(tmp_path, compose_yaml=compose)
    assert found.plan, found.errors
    environment = dict(found.plan.containers[0].environment)
    assert (environment["X"], environment["Y"], environment["Z"]) == ("", "b", "c")
    assert [(p.path, p.message) for p in found.warnings] == [("services.web.environment.X", UNSET)]


def test_what_an_included_file_extends_is_read_as_it_is(tmp_path: Path) -> None:
    compose = "services: {web: {extends: {file: base.yaml, service: base}}}\n"
    base = "services: {base: {image: 'a:1', user: '${A}'}}\n"
    found = examined(tmp_path, compose_yaml=compose, base_yaml=base)
    assert found.plan, found.errors
    assert [warning.message for warning in found.warnings] == [UNSET]


def test_an_included_file_that_asks_for_a_variable_gets_an_error(tmp_path: Path) -> None:
    compose = "services: {web: {image: 'a:1', user: '${A:?who}'}}\n"
    (error,) = examined(tmp_path, compose_yaml=compose).errors
    assert error.message == "the variable A is not set: who"


def test_where_an_empty_value_is_none_the_variable_is_named_beside_the_error(
    tmp_path: Path,
) -> None:
    found = examined(tmp_path, compose_yaml="services: {web: {image: '${A}'}}\n")
    assert [error.message for error in found.errors] == ["is empty, expected text"]
    assert [warning.message for warning in found.warnings] == [UNSET]


def test_a_variable_that_the_lab_file_does_not_set_is_an_error(tmp_path: Path) -> None:
    compose = "services: {web: {image: 'a:1'}}\n"
    lab = "services: {web: {user: '${A}'}}\n"
    (error,) = examined(tmp_path, lab, compose_yaml=compose).errors
    assert error.message == "the variable A is not set"
