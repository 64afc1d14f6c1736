"""What an edit of a lab file changes, and what follows from it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from isolab.diff.change import Change, summary
from isolab.diff.compare import diff
from isolab.plan.model import GuestImage, Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps, loads

REFERENCE = (Path(__file__).parents[2] / "stacks" / "reference.yaml").read_text()
DIGESTS = {f"isolab/{n}": f"sha256:{n[0] * 64}" for n in ("guestbook:1", "mariadb:1")}
Edit = Callable[[str], str]


def plan(folder: Path, text: str = REFERENCE) -> Plan:
    file = folder / "lab.yaml"
    file.write_text(text)
    planned = plan_file(file, {}, Surroundings(stack="test", digests=DIGESTS))
    assert isinstance(planned, Plan), "\n".join(map(str, planned))
    return planned


def changes(folder: Path, *edits: tuple[str, str]) -> tuple[Change, ...]:
    text = REFERENCE
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return diff(plan(folder), plan(folder, text))


def told(change: Change) -> list[tuple[str, str, str, str]]:
    """The effects without their words."""
    return [(e.layer, e.name, e.effect, e.data) for e in change.effects]


def on_containers(change: Change) -> list[tuple[str, str, str]]:
    return [(e.name, e.effect, e.data) for e in change.effects if e.layer == "container"]


def test_no_edit_is_no_change(tmp_path: Path) -> None:
    assert changes(tmp_path) == ()
    assert diff(loads(dumps(plan(tmp_path))), plan(tmp_path)) == ()


def test_a_guests_memory_restarts_its_containers_and_keeps_their_data(tmp_path: Path) -> None:
    (change,) = changes(tmp_path, ("memory: 1GiB", "memory: 2GiB"))
    assert (change.layer, change.name, change.change) == ("guest", "app-1", "replace")
    assert change.reasons == ("memory 1024 MiB -> 2048 MiB",)
    assert told(change) == [
        ("container", "db-1", "restart", "kept"),
        ("container", "web-1", "restart", "none"),
        ("service", "db", "unavailable", "none"),
        ("service", "web", "unavailable", "none"),
    ]


def test_a_root_disk_recreates_containers_and_the_data_disk_keeps_data(tmp_path: Path) -> None:
    (change,) = changes(tmp_path, ("disk: 8GiB", "disk: 9GiB"))
    assert change.change == "replace"
    assert on_containers(change) == [
        ("db-1", "recreate", "kept"),
        ("web-1", "recreate", "none"),
    ]


def test_a_root_disk_without_a_data_disk_takes_the_data_along(tmp_path: Path) -> None:
    old = REFERENCE.replace("    data: 2GiB\n", "")
    (change,) = diff(plan(tmp_path, old), plan(tmp_path, old.replace("8GiB", "9GiB")))
    assert [data for *_, data in on_containers(change)] == ["lost", "none"]


def test_another_data_disk_is_an_empty_one(tmp_path: Path) -> None:
    (change,) = changes(tmp_path, ("data: 2GiB", "data: 3GiB"))
    assert on_containers(change) == [("db-1", "recreate", "lost"), ("web-1", "restart", "none")]
    assert [(loss.volume, loss.guest) for loss in change.lost] == [("data", "app-1")]
    (change,) = changes(tmp_path, ("data: 2GiB", "data: 3GiB"), ("disk: 8GiB", "disk: 9GiB"))
    assert on_containers(change) == [("db-1", "recreate", "lost"), ("web-1", "recreate", "none")]


def test_another_guest_image_rebuilds_guests(tmp_path: Path) -> None:
    def with_image(digest: str) -> Plan:
        image = GuestImage(
            digest=digest, disk="/d", virtual_size=plan_.guests[0].disk, prepared=True
        )
        return replace(plan_, image=image)

    plan_ = plan(tmp_path)
    (change,) = diff(with_image("a" * 64), with_image("b" * 64))
    assert change.reasons == ("guest image aaaaaaaaaaaa -> bbbbbbbbbbbb",)
    assert {effect for _, effect, _ in on_containers(change)} == {"recreate"}
    assert diff(plan_, with_image("b" * 64)) == ()


@pytest.mark.parametrize(
    ("old", "new", "kind", "reason"),
    [
        ("memory: 128M", "memory: 160M", "update", "memory 128 MiB -> 160 MiB"),
        ("pids: 64", "pids: 65", "update", "pids 64 -> 65"),
        (", pids: 64", "", "replace", "pids 64 -> none"),
        ('cpus: "1.0", pids: 64', 'cpus: "0.6", pids: 64', "replace", "cpus 1 -> 0.6"),
        ("    read_only: true\n", "    restart: always\n    read_only: true\n", "update",
         "restart unless-stopped -> always"),
        ("DB_NAME: guestbook", "DB_NAME: other", "replace", "environment DB_NAME changed"),
        ('"8080:8000"', '"8081:8000"', "replace", "ports 8080:8000 -> 8081:8000"),
        ("image: isolab/guestbook:1", "image: isolab/guestbook:2", "replace",
         "image isolab/guestbook:1 -> isolab/guestbook:2"),
    ],
)  # fmt: skip
def test_one_key_of_a_service_is_one_change(
    tmp_path: Path, old: str, new: str, kind: str, reason: str
) -> None:
    (change,) = changes(tmp_path, (old, new))
    assert (change.layer, change.name, change.change) == ("service", "web", kind)
    assert change.reasons == (reason,)
    (effect,) = on_containers(change)
    assert effect == ("web-1", "recreate" if kind == "replace" else "none", "none")


def test_a_service_leaves_all_networks(tmp_path: Path) -> None:
    alone = ('    ports: ["8080:8000"]\n    networks: [front, back]\n', "    network_mode: none\n")
    (change,) = changes(tmp_path, alone, ("  front: {}\n", ""))
    assert "network mode default -> none" in change.reasons


def test_another_name_is_another_container(tmp_path: Path) -> None:
    image = "    image: isolab/guestbook:1\n"
    named = (image, f"{image}    container_name: page\n")
    (change,) = changes(tmp_path, named)
    assert (change.name, change.change) == ("web", "replace")
    assert change.reasons == ("name web-1 -> page",)
    assert told(change) == [
        ("container", "web-1", "unavailable", "none"),
        ("service", "web", "unavailable", "none"),
    ]


def test_a_network_that_closes_is_a_change_of_who_is_on_it(tmp_path: Path) -> None:
    found = changes(tmp_path, ("back: {internal: true}", "back: {}"))
    assert [(c.name, c.change) for c in found] == [("db", "replace"), ("web", "replace")]
    assert found[0].reasons == ("networks back (internal) -> back",)


def test_a_guest_more_is_nothing_to_the_others(tmp_path: Path) -> None:
    (change,) = changes(tmp_path, ("  app:\n", "  app:\n    count: 2\n"))
    assert (change.layer, change.name, change.change) == ("guest", "app-2", "create")


def test_a_moved_service_leaves_its_data_behind(tmp_path: Path) -> None:
    old = REFERENCE.replace("  app:\n", "  app:\n    count: 2\n").replace("    data: 2GiB\n", "")
    places = ["placement: {web: app-1, db: app-1}\n", "placement: {web: app-1, db: app-2}\n"]
    found = diff(*(plan(tmp_path, old + place) for place in places))
    moved = next(change for change in found if change.name == "db")
    assert moved.change == "replace"
    assert moved.reasons[0] == "db-1 on app-1 -> app-2"
    assert on_containers(moved) == [("db-1", "recreate", "lost")]


def test_another_subnet_is_a_change_of_the_host_alone(tmp_path: Path) -> None:
    (change,) = changes(tmp_path, ("guests:\n", "network: {cidr: 10.80.1.0/24}\nguests:\n"))
    assert (change.layer, change.change) == ("host", "replace")
    assert ("guest", "app-1", "restart", "kept") in told(change)
    assert on_containers(change) == [("db-1", "recreate", "kept"), ("web-1", "recreate", "none")]


def test_up_creates_all_and_down_deletes_it(tmp_path: Path) -> None:
    up, down = diff(None, plan(tmp_path)), diff(plan(tmp_path), None)
    assert summary(up) == {"create": 4, "update": 0, "replace": 0, "delete": 0}
    assert summary(down) == {"create": 0, "update": 0, "replace": 0, "delete": 4}
    assert ("db-1", "lost") in {(e.name, e.data) for change in down for e in change.effects}


def test_a_secrets_content_shows_as_a_change_but_not_itself(tmp_path: Path) -> None:
    def with_secret(content: str) -> Plan:
        return plan(tmp_path, REFERENCE.replace("{external: true}", f"{{content: {content}}}"))

    deployed = loads(dumps(with_secret("first"), "key"))
    found = diff(deployed, with_secret("second"), key="key")
    assert [(c.name, c.change) for c in found] == [("db", "update"), ("web", "update")]
    assert "first" not in dumps(with_secret("first"))
