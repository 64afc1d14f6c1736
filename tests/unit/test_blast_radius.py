"""Who is away during a change, who depends on them, how long, and what becomes of data."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from planning import plan

from isolab.diff.change import Change, Effect
from isolab.diff.compare import diff
from isolab.plan.model import Cluster, Plan

REFERENCE = (Path(__file__).parents[2] / "stacks" / "reference.yaml").read_text()
MEASURED = {
    "remove domain": [1.0],
    "make domain": [2.0, 3.0, 100.0],
    "make ready": [20.0],
    "make container db": [5.0],
    "make container web": [4.0],
    "remove container web": [1.0],
}
SHOPS = """\
security: hardened
guests: {app: {count: 2, memory: 768MiB}, store: {memory: 1GiB, data: 2GiB}}
services:
  web:
    image: isolab/guestbook:1
    ports: ["8080:8000"]
    networks: [back]
    deploy: {replicas: 2}
  db:
    image: isolab/mariadb:1
    expose: [3306]
    networks: [back]
    volumes: ["data:/var/lib/mysql"]
    restart: "no"
networks: {back: {}}
volumes: {data: {}}
placement: {"*": app, db: store}
"""


def edited(folder: Path, text: str, old: str, new: str) -> tuple[Change, ...]:
    assert old in text
    return diff(plan(folder, text), plan(folder, text.replace(old, new, 1)), MEASURED)


def service(change: Change, name: str) -> Effect | None:
    found = [e for e in change.effects if e.layer == "service" and e.name == name]
    return found[0] if found else None


def test_who_depends_on_a_service_that_is_away_is_unavailable(tmp_path: Path) -> None:
    (change,) = edited(tmp_path, REFERENCE, "MARIADB_USER: guestbook", "MARIADB_USER: other")
    web = service(change, "web")
    assert web is not None
    assert (web.effect, web.because) == ("unavailable", "it depends on db")


def test_a_link_to_another_guest_is_a_dependency(tmp_path: Path) -> None:
    (change,) = edited(tmp_path, SHOPS, "memory: 1GiB", "memory: 2GiB")
    web = service(change, "web")
    assert web is not None
    assert (change.name, web.effect, web.because) == ("store-1", "unavailable", "it depends on db")


def test_what_nobody_starts_again_is_unavailable(tmp_path: Path) -> None:
    (change,) = edited(tmp_path, SHOPS, "memory: 1GiB", "memory: 2GiB")
    db = next(effect for effect in change.effects if effect.name == "db-1")
    assert (db.effect, db.because) == (
        "unavailable",
        "restart policy no: Docker does not start it again",
    )


def test_one_guest_of_two_leaves_its_service_degraded(tmp_path: Path) -> None:
    old = plan(tmp_path, SHOPS)
    guests = tuple(
        replace(guest, vcpus=2) if guest.name == "app-2" else guest for guest in old.guests
    )
    (change,) = diff(old, replace(old, guests=guests))
    web = service(change, "web")
    assert web is not None
    assert (web.effect, web.left, web.of) == ("degraded", 1, 2)
    assert service(change, "db") is None


def test_both_guests_at_once_leave_nothing(tmp_path: Path) -> None:
    for change in edited(tmp_path, SHOPS, "memory: 768MiB", "memory: 640MiB"):
        web = service(change, "web")
        assert web is not None
        assert web.effect == "unavailable"


def test_replicas_that_wait_for_each_other_go_one_by_one(tmp_path: Path) -> None:
    checked = "  web:\n    healthcheck: {test: [CMD, /usr/local/bin/healthcheck]}\n"
    text = SHOPS.replace("  web:\n", checked)
    for change in edited(tmp_path, text, "memory: 768MiB", "memory: 640MiB"):
        web = service(change, "web")
        assert web is not None
        assert (web.effect, web.left, web.of) == ("degraded", 1, 2)


def test_a_cluster_gives_an_emptied_member_its_data(tmp_path: Path) -> None:
    text = SHOPS.replace("store: {memory: 1GiB, data: 2GiB}", "store: {count: 2, data: 2GiB}")
    text = text.replace('    restart: "no"\n', "    deploy: {replicas: 2}\n")
    cluster = Cluster(name="store", engine="galera", service="db", members=("db-1", "db-2"))
    old = replace(plan(tmp_path, text), clusters=(cluster,))

    def without(*names: str) -> Plan:
        guests = (replace(g, disk=g.disk + 1, data=None) if g.name in names else g
                  for g in old.guests)  # fmt: skip
        return replace(old, guests=tuple(guests))

    (change,) = diff(old, without("store-2"))
    assert (change.data, change.lost) == ("copied", ())
    assert [change.data for change in diff(old, without("store-1", "store-2"))] == ["lost", "lost"]


def test_times_are_sums_of_what_was_measured(tmp_path: Path) -> None:
    (change,) = edited(tmp_path, REFERENCE, "memory: 1GiB", "memory: 2GiB")
    assert change.seconds == 1.0 + 3.0 + 20.0
    (change,) = edited(tmp_path, REFERENCE, "DB_NAME: guestbook", "DB_NAME: other")
    assert change.seconds == 4.0 + 1.0


def test_what_was_never_measured_has_no_number(tmp_path: Path) -> None:
    old = plan(tmp_path, REFERENCE)
    for text in ("memory: 1GiB", "disk: 8GiB"):
        new = plan(tmp_path, REFERENCE.replace(text, text.replace("1", "2").replace("8", "9")))
        (change,) = diff(old, new)
        assert change.seconds is None
        (change,) = diff(old, new, {"make ready": [20.0]})
        assert change.seconds is None


def test_the_order_is_that_of_the_engine(tmp_path: Path) -> None:
    (change,) = edited(tmp_path, REFERENCE, "data: 2GiB", "data: 3GiB")
    assert change.order == (
        "app-1 is switched off, and with it web-1 and db-1",
        "its data disk is replaced by an empty one",
        "app-1 boots, and its Docker answers",
        "Docker starts web-1 again",
        "db-1 is recreated",
    )


@pytest.mark.slow
@pytest.mark.parametrize("edit", ["environment", "memory"])
def test_four_thousand_containers_take_less_than_two_seconds(tmp_path: Path, edit: str) -> None:
    old = plan(tmp_path, SHOPS)
    guest, container = old.guests[0], old.guests[0].containers[0]

    def large(**more: object) -> Plan:
        return replace(
            old,
            guests=tuple(
                replace(
                    guest,
                    name=f"app-{n}",
                    memory=guest.memory + (128 if "memory" in more else 0),
                    containers=tuple(
                        replace(
                            container,
                            name=f"web-{n * 20 + m}",
                            replica=n * 20 + m,
                            guest=f"app-{n}",
                            environment=(("MORE", str(more.get("environment"))),),
                        )
                        for m in range(20)
                    ),
                )
                for n in range(200)
            ),
        )

    before, after = large(), large(**{edit: "x"})
    begin = time.process_time()
    found = diff(before, after)
    assert time.process_time() - begin < 2
    assert len(found) == (200 if edit == "memory" else 1)
