"""The wait for a container whose image brings its own healthcheck."""

import subprocess
from pathlib import Path

import pytest

from components.service import AWAIT_HEALTH
from isolab.plan.model import Container, Plan, Surroundings
from isolab.plan.read import examine_file

CASES = {
    "starting starting healthy": (0, ""),
    "none": (1, "has no healthcheck"),
    "unhealthy": (1, "is unhealthy after 1 s; it said last:\nlast words"),
}


@pytest.mark.slow
@pytest.mark.parametrize("said", CASES)
def test_it_ends_as_docker_says(tmp_path: Path, said: str) -> None:
    (tmp_path / "words").write_text("\n".join(said.split()) + "\n")
    docker = tmp_path / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = logs ]; then echo last words; exit; fi\n'
        f"cd {tmp_path}; head -n 1 words\n"
        '[ "$(wc -l < words)" = 1 ] || sed -i 1d words\n'
    )
    docker.chmod(0o755)
    (tmp_path / "sleep").write_text("#!/bin/sh\nexec /bin/sleep 0.1\n")
    (tmp_path / "sleep").chmod(0o755)
    seconds = "1" if said == "unhealthy" else "60"
    script = AWAIT_HEALTH.replace("NAME", "db-1").replace("TIMEOUT", seconds)
    paths = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", script], env=paths, capture_output=True, text=True)
    code, words = CASES[said]
    assert done.returncode == code, done.stderr
    assert words in done.stderr


def planned(folder: Path, db: str) -> tuple[Plan, list[str]]:
    file = folder / "lab.yaml"
    waits = "depends_on: {db: {condition: service_healthy}}"
    file.write_text(
        f"guests: {{app: {{}}}}\nservices:\n  web: {{image: 'a:1', {waits}}}\n  db: {{{db}}}\n"
    )
    examined = examine_file(file, {}, Surroundings(stack="lab"))
    assert examined.plan, examined.errors
    return examined.plan, [problem.message for problem in examined.warnings]


def container(plan: Plan, name: str) -> Container:
    return next(c for c in plan.containers if c.name == name)


def test_who_waits_for_an_image_to_say_so_is_told(tmp_path: Path) -> None:
    plan, (told,) = planned(tmp_path, "image: 'db:1'")
    assert container(plan, "db-1").asked
    assert "needs a healthcheck in its image" in told


def test_a_healthcheck_of_the_lab_file_is_waited_for_by_docker_itself(tmp_path: Path) -> None:
    plan, told = planned(tmp_path, "image: 'db:1', healthcheck: {test: [CMD, 'true']}")
    assert not container(plan, "db-1").asked
    assert told == []


def test_what_of_a_healthcheck_has_no_effect_is_told(tmp_path: Path) -> None:
    check = "{interval: 5s, start_interval: 1s}"
    plan, told = planned(tmp_path, f"image: 'db:1', healthcheck: {check}")
    assert container(plan, "db-1").healthcheck is None
    assert len([message for message in told if "Docker 25" in message]) == 1
    assert len([message for message in told if "test is missing" in message]) == 1


def test_the_guest_is_the_gateway_of_its_host(tmp_path: Path) -> None:
    plan, _ = planned(tmp_path, "image: 'db:1', extra_hosts: ['host.docker.internal:host-gateway']")
    assert container(plan, "db-1").hosts == (("host.docker.internal", plan.guests[0].address),)
