"""Where a lesson's command is typed in the course's page."""

import pytest

from webapp.course import Place
from webapp.typed import typed

INSIDE = (
    Place(name="app-1", kind="guest", argv=()),
    Place(name="web-1", kind="container", service="web", argv=()),
    Place(name="web-2", kind="container", service="web", argv=()),
)
HOST = Place(name="host", kind="host", argv=())


@pytest.mark.parametrize(
    ("command", "place", "line"),
    [
        ("./lab ssh app-1 -- uname -r", "app-1", "uname -r"),
        ("./lab ssh --stack mine app-1 -- uname -r", "app-1", "uname -r"),
        (
            """./lab ssh app-1 -- "docker ps --format '{{.Names}}'\"""",
            "app-1",
            "docker ps --format '{{.Names}}'",
        ),
        ("./lab exec web -- id", "web-1", "id"),
        ("./lab exec web-2 -- id", "web-2", "id"),
        (
            "./lab exec web -- sh -c 'echo a > /tmp/a; cat /tmp/a'",
            "web-1",
            "sh -c 'echo a > /tmp/a; cat /tmp/a'",
        ),
    ],
)
def test_a_command_for_one_place_is_typed_there(command: str, place: str, line: str) -> None:
    found = typed(command, INSIDE)
    assert found is not None
    assert (found.place, found.line) == (place, line)


@pytest.mark.parametrize(
    "command",
    [
        "free -m",
        "./lab status",
        "./lab ssh app-2 -- uname",
        "./lab exec db -- id",
        "./lab ssh app-1 -- reboot; ./lab status",
        "./lab ssh app-1 -- cat /etc/hosts | wc -l",
        "./lab exec web -- cat a > b",
        "./lab exec web -- echo $HOME",
        "./lab exec web -- echo 'unfinished",
        "sudo ./lab exec web -- id",
    ],
)
def test_what_the_hosts_shell_would_do_needs_the_host(command: str) -> None:
    assert typed(command, INSIDE) is None
    found = typed(command, (*INSIDE, HOST))
    assert found is not None and (found.place, found.line) == ("host", command)
