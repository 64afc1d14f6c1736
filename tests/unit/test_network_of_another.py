"""network_mode: service:NAME: where such a service is, what it has, and what diff tells of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from planning import edited, plan

from isolab.draw.containers import has_way_out
from isolab.plan.model import Container

LAB = """\
guests: {app: {}, store: {memory: 1GiB}}
services:
  other: {image: "isolab/guestbook:1", network_mode: "service:web"}
  web:
    image: isolab/guestbook:1
    ports: ["8080:8000"]
    domainname: lab.example
    environment: {COLOR: red}
placement: {"*": app, web: store}
"""


def test_a_container_is_named_by_what_its_service_calls_it(tmp_path: Path) -> None:
    named_so = LAB.replace("  web:\n", "  web:\n    container_name: shown\n")
    by_container = named_so.replace("service:web", "container:shown")
    assert by_container != named_so
    assert plan(tmp_path, by_container) == plan(tmp_path, named_so)


def named(containers: Sequence[Container], name: str) -> Container:
    (found,) = (container for container in containers if container.name == name)
    return found


def test_it_is_where_the_other_one_is_and_has_its_network(tmp_path: Path) -> None:
    planned = plan(tmp_path, LAB)
    assert {c.guest for c in planned.containers} == {"store-1"}
    other = named(planned.containers, "other-1")
    assert (other.network_of, other.hostname, other.domainname) == ("web-1", "", "lab.example")
    assert (other.networks, other.ports, other.hosts) == ((), (), ())
    assert [endpoint.service for endpoint in planned.endpoints] == ["web"]
    guest = next(guest for guest in planned.guests if guest.name == "store-1")
    assert has_way_out(other, guest)
    assert not has_way_out(replace(other, network_of=""), guest)


def test_a_guest_has_room_for_both(tmp_path: Path) -> None:
    planned = plan(
        tmp_path,
        """\
guests: {app: {count: 2, memory: 512MiB}}
services:
  big: {image: "isolab/guestbook:1", mem_limit: 150m, volumes: ["data:/data"]}
  other: {image: "isolab/guestbook:1", mem_limit: 100m, network_mode: "service:web"}
  web: {image: "isolab/guestbook:1", mem_limit: 100m}
volumes: {data: {}}
""",
    )
    assert {c.name: c.guest for c in planned.containers} == {
        "big-1": "app-1",
        "other-1": "app-2",
        "web-1": "app-2",
    }


def test_it_is_recreated_with_the_other_one(tmp_path: Path) -> None:
    (change,) = edited(tmp_path, LAB, "COLOR: red", "COLOR: blue")
    assert change.name == "web"
    assert [(e.name, e.effect, e.because) for e in change.effects if e.layer == "container"] == [
        ("web-1", "recreate", "Docker changes it only by recreation"),
        ("other-1", "recreate", "web-1 is recreated, whose network it has"),
    ]


def test_another_network_is_a_reason(tmp_path: Path) -> None:
    together = LAB.replace(", web: store", "")
    (change,) = edited(tmp_path, together, ', network_mode: "service:web"}', "}")
    assert change.name == "other"
    assert "network of web-1 -> its own" in change.reasons


def test_docker_does_not_start_it_again_with_its_guest(tmp_path: Path) -> None:
    text = LAB.replace("image:", "restart: always, image:", 1)
    (change,) = edited(tmp_path, text, "memory: 1GiB", "memory: 2GiB")
    found = {e.name: (e.effect, e.because) for e in change.effects}
    assert found["other-1"] == (
        "unavailable",
        "Docker does not start it again: it has the network of web-1",
    )
