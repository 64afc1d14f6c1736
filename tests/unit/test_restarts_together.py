"""depends_on with restart: true: what is recreated together, and what diff tells of it."""

from pathlib import Path

from planning import edited

from isolab.diff.change import Change
from isolab.plan.model import Surroundings
from isolab.plan.read import examine_file

LAB = """\
guests: {app: {memory: 2GiB}}
services:
  web:
    image: isolab/guestbook:1
    depends_on: {db: {condition: service_started, restart: true}}
  page:
    image: isolab/guestbook:1
    depends_on: {web: {condition: service_started, restart: true}}
  idle:
    image: isolab/guestbook:1
    depends_on: {db: {condition: service_started, restart: false}}
  db: {image: "isolab/mariadb:1", environment: {COLOR: red}}
"""
APART = """\
guests: {app: {}, store: {}}
services:
  web:
    image: isolab/guestbook:1
    depends_on: {db: {condition: service_started, restart: true}}
  db: {image: "isolab/mariadb:1", expose: [3306]}
placement: {web: app, db: store}
"""


def containers(change: Change) -> dict[str, tuple[str, str]]:
    return {e.name: (e.effect, e.because) for e in change.effects if e.layer == "container"}


def test_what_restarts_with_another_is_recreated_with_it(tmp_path: Path) -> None:
    (change,) = edited(tmp_path, LAB, "COLOR: red", "COLOR: blue")
    assert change.name == "db"
    assert containers(change) == {
        "db-1": ("recreate", "Docker changes it only by recreation"),
        "web-1": ("recreate", "db-1 is recreated: depends_on, restart: true"),
        "page-1": ("recreate", "web-1 is recreated: depends_on, restart: true"),
    }
    assert change.order == tuple(
        f"{name} is removed, then recreated" for name in ("db-1", "web-1", "page-1")
    )


def test_a_change_in_place_recreates_nobody_else(tmp_path: Path) -> None:
    (change,) = edited(tmp_path, LAB, "COLOR: red}", "COLOR: red}, mem_limit: 512m")
    assert containers(change) == {"db-1": ("none", "changed as it runs")}


def test_who_is_recreated_for_a_reason_of_its_own_is_told_there(tmp_path: Path) -> None:
    text = LAB.replace("  page:\n", "  page:\n    environment: {COLOR: red}\n")
    changes = {change.name: change for change in edited(tmp_path, text, "red", "blue")}
    assert changes.keys() == {"db", "page"}
    assert containers(changes["db"]).keys() == {"db-1", "web-1"}
    assert containers(changes["page"]).keys() == {"page-1"}


def test_another_dependency_alone_recreates_nobody(tmp_path: Path) -> None:
    assert edited(tmp_path, LAB, "restart: false", "restart: true") == ()


def test_only_what_is_on_one_guest_restarts_together(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(APART)
    examined = examine_file(file, {}, Surroundings(stack="test"))
    assert examined.plan
    assert [c.restarts_with for c in examined.plan.containers] == [(), ()]
    (warning,) = examined.warnings
    assert str(warning) == (
        f"{file}:5:51: warning: services.web.depends_on.db.restart: no effect on app-1, where db "
        "does not run: web is not recreated there with it (place both on the same guests)"
    )


def test_many_ways_to_one_container_are_gone_once(tmp_path: Path) -> None:
    # Two to the power of thirty ways lead from the last services to db.
    lines = ["guests: {app: {vcpus: 4, memory: 16GiB}}", "services:"]
    lines += ['  db: {image: "isolab/mariadb:1", environment: {COLOR: red}}']
    below = ["db"]
    for level in range(30):
        needs = ", ".join(f"{x}: {{condition: service_started, restart: true}}" for x in below)
        below = [f"{side}{level}" for side in ("left", "right")]
        lines += [f'  {x}: {{image: "isolab/guestbook:1", depends_on: {{{needs}}}}}' for x in below]
    (change,) = edited(tmp_path, "\n".join(lines), "COLOR: red", "COLOR: blue")
    assert len(containers(change)) == 61
