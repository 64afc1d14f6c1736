"""What a drawing holds: boxes, lines, marks, states, and what is folded."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from isolab.diff.change import Change, Effect
from isolab.diff.compare import diff
from isolab.draw import draw
from isolab.draw.drawing import Box, Drawing, State
from isolab.draw.fold import folded
from isolab.draw.make import drawing_of, drawing_of_changes
from isolab.plan.model import (
    HOST,
    Backend,
    Balancer,
    Cluster,
    Container,
    Plan,
    Route,
    Surroundings,
)
from isolab.plan.read import plan_file

LABS = Path(__file__).parents[1] / "labs"


def planned(name: str) -> Plan:
    plan = plan_file(LABS / name, {}, Surroundings(stack="test"))
    assert isinstance(plan, Plan), "\n".join(map(str, plan))
    return plan


def changed(name: str) -> Drawing:
    old, new = (planned(f"diffs/{name}/{side}.yaml") for side in ("old", "new"))
    return drawing_of_changes(old, new, diff(old, new))


def box(drawing: Drawing, name: str, kind: str = "container") -> Box:
    (found,) = (box for box in drawing.walk() if (box.kind, box.name) == (kind, name))
    return found


def on_host(container: Container, name: str) -> Container:
    return replace(container, name=name, service=name, guest=HOST, networks=(), mounts=())


@pytest.fixture
def balanced() -> Plan:
    """Two replicas on guests of their own behind a balancer on the host, in a cluster."""
    plan = planned("drawn/replicated.yaml")
    replicas = [c for c in plan.containers if c.name in ("web-1", "web-2")]
    backends = tuple(
        Backend(container=c.name, guest=c.guest, address=c.ports[0].ip, port=c.ports[0].external)
        for c in replicas
    )
    balancer = Balancer(
        name="front",
        mode="http",
        sticky=True,
        address=plan.network.gateway,
        listen=8080,
        statistics=8404,
        routes=(Route(path="/", service="web", check="/healthz", backends=backends),),
        container=on_host(replicas[0], "balancer-front"),
    )
    return replace(
        plan,
        balancers=(balancer,),
        clusters=(Cluster(name="pages", engine="galera", service="web",
                          members=("web-1", "web-2")),),
        host_containers=(on_host(replicas[0], "monitor-1"),),
    )  # fmt: skip


def test_layers_are_boxes_in_boxes() -> None:
    drawing = drawing_of(planned("drawn/separate.yaml"))
    assert [b.name for b in drawing.host.of("guest")] == ["db-1", "web-1"]
    assert [b.name for b in box(drawing, "db-1", "guest").of("container")] == ["db-1"]
    assert "back" in [b.name for b in box(drawing, "db-1", "guest").of("internal")]


def test_a_callee_on_another_guest_is_a_link_with_its_port() -> None:
    lines = drawing_of(planned("drawn/separate.yaml")).lines
    assert [(x.source, x.target, x.label) for x in lines if x.kind == "link"] == [
        ("container/web-1/web-1", "container/db-1/db-1", ":3306")
    ]


def test_what_cannot_leave_its_guest_says_so() -> None:
    drawing = drawing_of(planned("drawn/internal.yaml"))
    closed = [b.name for b in drawing.walk() if b.kind == "container" and "no way out" in b.facts]
    assert sorted(closed) == ["core-1", "inner-1", "vault-1"]


def test_values_of_variables_are_not_drawn() -> None:
    plan = planned("drawn/separate.yaml")
    told = " ".join(value for b in drawing_of(plan).walk() for _, value in b.details)
    assert "DB_HOST" in told
    assert "ISOLAB_GUEST=" not in told


def test_a_balancer_leads_to_its_replicas(balanced: Plan) -> None:
    drawing = drawing_of(balanced)
    front = box(drawing, "front", "balancer")
    assert front in drawing.host.boxes
    routes = [line for line in drawing.lines if line.kind == "route"]
    assert [(x.source, x.target) for x in routes] == [
        (front.id, "container/app-1/web-1"),
        (front.id, "container/app-2/web-2"),
    ]
    assert any(x.kind == "entry" and x.target == front.id for x in drawing.lines)
    assert "cluster pages (galera)" in box(drawing, "web-1").facts
    assert [x.label for x in drawing.lines if x.kind == "cluster"] == ["galera"]
    assert box(drawing, "monitor-1") in drawing.host.boxes


def test_a_balancer_on_a_guest_of_its_own_stands_in_it_once(balanced: Plan) -> None:
    (balancer,) = balanced.balancers
    moved = replace(balancer, container=replace(balancer.container, guest="app-3"))
    guests = tuple(
        replace(g, containers=(*g.containers, moved.container)) if g.name == "app-3" else g
        for g in balanced.guests
    )
    drawing = drawing_of(replace(balanced, balancers=(moved,), guests=guests))
    assert box(drawing, "front", "balancer") in box(drawing, "app-3", "guest").boxes
    assert Counter(b.id for b in drawing.walk()).most_common(1)[0][1] == 1


def test_a_focus_is_a_name_or_a_service() -> None:
    drawing = drawing_of(planned("drawn/replicated.yaml"), focus=frozenset({"web", "app-3"}))
    assert {b.name for b in drawing.walk() if b.focus} == {
        "app-3",
        "web-1",
        "web-2",
        "web-3",
        "web-4",
    }


def test_states_stand_on_their_boxes() -> None:
    states = {("container", "web-1"): State(words="exited", health="down")}
    drawing = drawing_of(planned("drawn/smallest.yaml"), states=states)
    assert drawing.shows_states
    assert "✗ exited" in draw(drawing, "text")


def test_more_memory_replaces_the_guest_and_shakes_its_containers() -> None:
    drawing = changed("guest-memory")
    guest = box(drawing, "app-1", "guest").mark
    assert guest is not None
    assert (guest.action, guest.words) == ("replaced", ("memory 1024 MiB -> 2048 MiB",))
    db = box(drawing, "db-1").mark
    assert db is not None
    assert (db.action, db.damage, db.lost) == (None, "restart", False)


def test_lost_data_is_marked_on_its_container() -> None:
    mark = box(changed("data-disk-removed"), "db-1").mark
    assert mark is not None
    assert mark.lost
    assert "DATA LOST" in draw(changed("data-disk-removed"), "text")


def test_lost_data_is_marked_on_its_volume_too() -> None:
    volumes = [b for b in changed("data-disk-removed").walk() if b.kind == "volume"]
    marks = {b.id: (b.mark.action, b.mark.lost) for b in volumes if b.mark}
    assert marks == {
        "volume/app-1/data/data": ("removed", True),
        "volume/app-1/root/data": ("added", False),
    }
    for form in ("text", "svg", "html"):
        assert "volume data, DATA LOST" in draw(changed("data-disk-removed"), form)


def test_a_moved_container_is_removed_here_and_added_there() -> None:
    found = {
        b.id: b.mark.action for b in changed("service-moved").walk() if b.name == "db-1" and b.mark
    }
    assert found == {"container/store-1/db-1": "removed", "container/app-1/db-1": "added"}


@pytest.mark.parametrize("folder", sorted((LABS / "diffs").iterdir()), ids=lambda f: f.name)
def test_no_two_boxes_of_a_change_are_the_same(folder: Path) -> None:
    ids = Counter(b.id for b in changed(folder.name).walk())
    assert ids.most_common(1)[0][1] == 1


def test_no_change_has_no_marks() -> None:
    drawing = changed("same-lab-in-other-words")
    assert all(b.mark is None for b in drawing.walk())
    assert all(line.action is None for line in drawing.lines)


def test_the_first_up_adds_all_and_down_removes_it() -> None:
    plan = planned("drawn/smallest.yaml")
    for old, new, action in ((None, plan, "added"), (plan, None, "removed")):
        drawing = drawing_of_changes(old, new, diff(old, new))
        assert {b.mark and b.mark.action for b in drawing.host.walk()} == {action}


def test_the_worst_effect_and_the_loss_win() -> None:
    plan = planned("drawn/smallest.yaml")
    changes = [
        Change(layer="guest", name="app-1", change="replace", reasons=(), effects=(
            Effect(layer="container", name="web-1", effect=effect, data=data),
        ))
        for effect, data in (("restart", "kept"), ("unavailable", "lost"), ("none", "none"))
    ]  # fmt: skip
    mark = box(drawing_of_changes(plan, plan, changes), "web-1").mark
    assert mark is not None
    assert (mark.damage, mark.lost) == ("unavailable", True)


def test_guests_that_are_alike_are_one_box_and_no_container_gets_lost() -> None:
    whole = drawing_of(planned("drawn/crowd.yaml"))
    drawing = folded(whole)
    assert [b.title for b in drawing.host.of("guest")] == [
        "seat-1",
        "seat-2 … seat-30",
        "teacher-1",
    ]
    assert sum(b.count for b in drawing.host.of("guest")) == 31
    ids = {b.id for b in drawing.walk()}
    assert all({x.source, x.target} <= ids for x in drawing.lines)
    entries = [x.count for x in drawing.lines if x.kind == "entry"]
    assert sum(entries) == 30


def test_a_guest_that_differs_is_not_folded_away() -> None:
    plan = planned("drawn/crowd.yaml")
    focused = folded(drawing_of(plan, focus=frozenset({"desk-7"})))
    assert [b.title for b in focused.host.of("guest")] == [
        "seat-1",
        "seat-2 … seat-6",
        "seat-7",
        "seat-8 … seat-30",
        "teacher-1",
    ]
