"""./lab new writes a lab file that can be built, or nothing."""

import io
import json
import re
from pathlib import Path

import pytest
import yaml

from isolab import cli
from isolab.cli import main
from isolab.cli.commands import new
from isolab.cli.errors import Failure
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.starter import IN_STACKS, Guests, from_sample
from machine import paths

REPO = Path(__file__).parents[2]
COMPOSE = Path(__file__).parents[1] / "labs" / "compose"


@pytest.fixture(autouse=True)
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "REPO", tmp_path)
    return tmp_path / "stacks"


def place(folder: Path) -> new.Place:
    return new.Place(folder=folder, root=folder.parent, prefix="stacks/", commands=IN_STACKS)


def planned(file: Path) -> Plan:
    plan = plan_file(file, {}, Surroundings(stack=file.stem))
    assert isinstance(plan, Plan), "\n".join(map(str, plan))
    return plan


@pytest.mark.parametrize("example", ["proxy", "cache", "database", "queue", "site"])
@pytest.mark.parametrize("guests", [1, 3])
def test_a_compose_file_gets_guests(example: str, guests: int, stacks: Path) -> None:
    compose = COMPOSE / example / "compose.yaml"
    assert main(["new", "--from", str(compose), "--guests", str(guests), "mine"]) == 0
    plan = planned(stacks / "mine.yaml")
    assert plan.name == "mine"
    assert len(plan.guests) == guests
    assert {c.service for c in plan.containers} == {
        c.service for c in planned(COMPOSE / f"{example}.yaml").containers
    }


@pytest.mark.parametrize("override", ["compose.override.yml", "docker-compose.override.yaml"])
def test_an_override_beside_the_file_is_taken_along(
    override: str, stacks: Path, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "compose.yaml").write_text("services: {web: {image: 'a:1'}}\n")
    (shop / override).write_text("services: {web: {ports: ['8080:80']}}\n")
    assert main(["new", "--from", str(shop)]) == 0
    (port,) = planned(stacks / "shop.yaml").guests[0].containers[0].ports
    assert (port.external, port.internal) == (8080, 80)


def test_a_file_of_another_name_has_none(stacks: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("services: {web: {image: 'a:1'}}\n")
    (tmp_path / "compose.override.yaml").write_text("services: {web: {ports: ['8080:80']}}\n")
    assert main(["new", "--from", str(tmp_path / "mine.yaml"), "mine"]) == 0
    assert planned(stacks / "mine.yaml").guests[0].containers[0].ports == ()


def test_the_name_is_that_of_the_folder(stacks: Path) -> None:
    assert main(["new", "--from", str(COMPOSE / "queue")]) == 0
    assert planned(stacks / "queue.yaml").name == "queue"


def test_a_file_that_is_there_stays_as_it_is(stacks: Path) -> None:
    stacks.mkdir()
    (stacks / "queue.yaml").write_text("mine")
    assert main(["new", "--from", str(COMPOSE / "queue")]) == 2
    assert (stacks / "queue.yaml").read_text() == "mine"
    assert [file.name for file in stacks.iterdir()] == ["queue.yaml"]


def test_a_broken_compose_file_is_told_and_nothing_is_written(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = COMPOSE.parent / "invalid" / "parts" / "broken.yaml"
    assert main(["new", "--from", str(broken), "mine"]) == 2
    assert "broken.yaml:4:13: services.web.ports[0]: 'eighty' given" in capsys.readouterr().err
    assert not stacks.exists()


@pytest.mark.parametrize("sample", ["guestbook", "page"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_sample_can_be_built(sample: str, count: int, stacks: Path) -> None:
    stacks.mkdir()
    file = stacks / "lab.yaml"
    text = from_sample("lab", "stacks/lab.yaml", sample, Guests(count=count))  # type: ignore[arg-type]
    file.write_text(text)
    plan = planned(file)
    assert len(plan.guests) == count
    assert all(c.limits.memory and c.limits.cpus and c.limits.pids for c in plan.containers)


def test_answers_become_a_lab_and_wrong_ones_are_asked_again(stacks: Path) -> None:
    answers = iter(["My Lab", "workshop", "0", "2", "lots", "", "page"])
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        return next(answers)

    name, text = new._asked(None, None, ask, place(stacks))
    new._write(stacks / f"{name}.yaml", text)
    plan = planned(stacks / "workshop.yaml")
    assert [guest.memory for guest in plan.guests] == [1024, 1024]
    assert {c.service for c in plan.containers} == {"page"}
    assert len(questions) == 7


def test_without_a_terminal_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("lab\n1\n1GiB\npage\n"))
    assert main(["new"]) == 2
    assert "standard input is not a terminal" in capsys.readouterr().err


def test_endless_wrong_answers_end() -> None:
    def ask(question: str) -> str:
        return "?"

    with pytest.raises(Failure):
        new._asked(None, None, ask, place(Path()))


def test_a_path_with_blanks_is_quoted(stacks: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my app: one"
    folder.mkdir()
    (folder / "compose.yaml").write_text("services: {web: {image: 'a:1'}}\n")
    assert main(["new", "--from", str(folder)]) == 0
    assert planned(stacks / "my-app-one.yaml").containers[0].image == "a:1"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and isolab as a wheel has it."""
    here = tmp_path / "shop"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(cli, "is_checkout", lambda: False)
    monkeypatch.setattr(cli, "version", lambda: "1.2.3")
    return here


def written(folder: Path) -> set[str]:
    return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}


PROJECT = {".gitignore", "Pulumi.yaml", ".github/workflows/lab.yaml"}


def test_an_installed_isolab_begins_a_project_in_an_empty_folder(installed: Path) -> None:
    (installed / ".git").mkdir()
    assert main(["new", "--from", str(COMPOSE / "queue"), "--guests", "2"]) == 0
    assert written(installed) == {"queue.yaml", *PROJECT}
    assert len(planned(installed / "queue.yaml").guests) == 2
    first = (installed / "queue.yaml").read_text().splitlines()[1]
    assert first.startswith("# isolab validate queue.yaml checks it")


def test_in_a_folder_with_files_it_writes_the_lab_file_alone(installed: Path) -> None:
    (installed / "README").touch()
    assert main(["new", "--from", str(COMPOSE / "queue")]) == 0
    assert written(installed) == {"queue.yaml", "README"}


def test_nothing_is_written_around_a_lab_file_that_is_refused(installed: Path) -> None:
    broken = COMPOSE.parent / "invalid" / "parts" / "broken.yaml"
    assert main(["new", "--from", str(broken), "mine"]) == 2
    assert written(installed) == set()


def test_the_projects_program_fits_the_package(installed: Path) -> None:
    assert main(["new", "--from", str(COMPOSE / "queue")]) == 0
    program = yaml.safe_load((installed / "Pulumi.yaml").read_text())
    schema = json.loads((REPO / "package" / "schema.json").read_text())
    (lab,) = program["resources"].values()
    package, kind = lab["type"].split(":")
    component = schema["resources"][f"{package}:index:{kind}"]
    assert package in program["packages"]
    assert lab["properties"].keys() <= component["inputProperties"].keys()
    assert (installed / lab["properties"]["file"]).exists()
    used = {value.removeprefix("${lab.").removesuffix("}") for value in program["outputs"].values()}
    assert used <= component["properties"].keys()


def test_the_projects_ci_names_the_version_and_commands_that_a_wheel_has(installed: Path) -> None:
    assert main(["new", "--from", str(COMPOSE / "queue")]) == 0
    text = (installed / ".github/workflows/lab.yaml").read_text()
    assert yaml.safe_load(text)["env"]["ISOLAB"].endswith("@v1.2.3")
    commands = set(re.findall(r"isolab (\w+) queue\.yaml", text))
    assert commands and commands <= set(cli.WITHOUT_CHECKOUT)
