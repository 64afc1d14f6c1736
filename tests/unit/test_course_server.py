"""What `./lab learn --serve` gives the page: places, checks stored for the tutor, its own end."""

import socket
from contextlib import nullcontext
from pathlib import Path

import pytest

from isolab.cli import main
from isolab.cli.context import course_server
from isolab.cli.errors import BAD_INPUT, UNABLE, Failure
from isolab.cli.output import results
from isolab.lessons import read
from isolab.lessons.model import ClaimResult, LessonResult
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from webapp.course import CannotCheck

REPO = Path(__file__).parents[2]
LESSON = read.catalogue()[0]


@pytest.fixture
def plan() -> Plan:
    found = plan_file(REPO / "stacks/replicated.yaml", {}, Surroundings(stack="mine"))
    assert isinstance(found, Plan)
    return found


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    return tmp_path


def test_terminals_are_for_each_guest_and_container_and_not_for_the_host(plan: Plan) -> None:
    found = course_server.places(plan, host_terminal=False)
    names = [place.name for place in found]
    assert len(set(names)) == len(names)
    assert {guest.name for guest in plan.guests} <= set(names)
    assert {container.name for container in plan.containers} <= set(names)
    assert {place.kind for place in found} == {"guest", "container"}
    assert all(place.argv[0] in ("ssh", "sh") for place in found)


def test_the_host_has_one_where_it_is_allowed(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/mine")
    (host, *_) = course_server.places(plan, host_terminal=True)
    assert (host.kind, host.argv[-1]) == ("host", "/bin/mine")


def test_what_was_checked_is_where_the_tutor_finds_it(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = ClaimResult(id="a", claim="b", verdict="broken", evidence="c", control="d", seconds=1)
    result = LessonResult(id=LESSON.id, title=LESSON.title, claims=(claim,))
    monkeypatch.setattr(course_server, "check", lambda plan, lessons: (result,))
    monkeypatch.setattr(course_server, "alone", lambda stack, command: nullcontext())
    assert course_server.checked(LESSON, plan) == result
    assert results.known("mine")[LESSON.id].result == result


def test_a_check_that_cannot_be_made_is_told_to_the_page(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(plan: Plan, lessons: object) -> None:
        raise Failure(UNABLE, "the lab is not healthy", "wait")

    monkeypatch.setattr(course_server, "check", cannot)
    with pytest.raises(CannotCheck, match="not healthy\n  wait"):
        course_server.checked(LESSON, plan)
    assert results.known("mine") == {}


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["learn", "--serve", "--port", port]) == BAD_INPUT
    assert f"port {port} of 127.0.0.1" in capsys.readouterr().err


def test_a_lesson_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", "--serve", "no-such-lesson"]) == BAD_INPUT
    assert "no-such-lesson" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "65536", "web"])
def test_a_port_is_a_number(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["learn", "--serve", f"--port={port}"])
    assert ended.value.code == 2
    assert "is no port" in capsys.readouterr().err
