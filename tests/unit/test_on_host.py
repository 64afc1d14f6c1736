"""Services on the host itself: who finds whom there, and what is told of a move."""

from pathlib import Path

from isolab.diff.compare import diff
from isolab.draw import draw
from isolab.draw.make import drawing_of
from isolab.plan.model import Plan, Surroundings
from isolab.plan.network import firewall
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps

LAB = Path(__file__).parents[1] / "labs/valid/on-host.yaml"


def planned(file: Path = LAB) -> Plan:
    plan = plan_file(file, {}, Surroundings(stack="s", files="/files"))
    assert isinstance(plan, Plan)
    return plan


def edited(tmp_path: Path, old: str, new: str) -> Plan:
    file = tmp_path / "on-host.yaml"
    assert old in LAB.read_text()
    file.write_text(LAB.read_text().replace(old, new))
    return planned(file)


def test_both_ways_lead_across_the_lab_network() -> None:
    plan = planned()
    (guest,) = plan.guests
    peer, watch = plan.host_containers
    assert watch.name == "isolab-s-watch-1"
    assert dict(watch.hosts) == {"web": guest.address, "peer": plan.network.gateway}
    caller = next(c for c in plan.containers if c.service == "caller")
    assert dict(caller.hosts) == {c.service: plan.network.gateway for c in (peer, watch)}


def test_a_guest_lets_the_host_in_to_what_its_services_call() -> None:
    plan = planned()
    (guest,) = plan.guests
    way = f"--ctorigdst {guest.address} --ctorigdstport 8000 -j RETURN"
    entered = [line for line in firewall.rulesets(plan)[guest.name].splitlines() if way in line]
    assert [line.split()[3] for line in entered] == [plan.network.gateway]


def test_what_runs_on_the_host_gets_little_of_it(tmp_path: Path) -> None:
    open_ = (
        "mem_limit: 64M, read_only: false, cap_drop: [], security_opt: [no-new-privileges:false]"
    )
    plan = edited(tmp_path, "mem_limit: 64M", open_.replace(", ", "\n    "))
    watch = next(c for c in plan.host_containers if c.service == "watch")
    assert (watch.read_only, watch.cap_drop) == (True, ("ALL",))
    assert watch.security_opt == ("no-new-privileges:true",)


def test_its_secrets_lie_in_the_hosts_folder_and_not_in_the_plan(tmp_path: Path) -> None:
    plan = edited(tmp_path, "{external: true}", "{content: very-secret}")
    watch = next(c for c in plan.host_containers if c.service == "watch")
    assert [file.path for file in watch.files] == ["/files/isolab-s-watch-1/token"]
    assert watch.files[0].content == "very-secret"
    assert "very-secret" not in dumps(plan)


def test_a_port_left_open_is_the_containers_own(tmp_path: Path) -> None:
    plan = edited(tmp_path, "ports: [9001]", "ports: [9002]")
    assert [p.external for c in plan.host_containers for p in c.ports] == [9002, 9000]


def test_a_move_to_a_guest_is_told(tmp_path: Path) -> None:
    moved = edited(tmp_path, "peer: host", "peer: app")
    (change,) = (c for c in diff(planned(), moved) if c.name == "peer")
    assert change.reasons == ("isolab-s-peer-1 on the host -> peer-1 on app-1",)
    assert change.change == "replace"
    assert {e.name for e in change.effects} >= {"isolab-s-peer-1"}
    assert diff(planned(), planned()) == ()


def test_rights_of_the_host_are_told_where_they_come(tmp_path: Path) -> None:
    """In validate (tests/labs), in the diff of a change and of a move, and in drawings."""
    before = edited(tmp_path, "guests:", "host: {trusted: true}\nguests:")
    file = tmp_path / "on-host.yaml"
    file.write_text(file.read_text().replace("[9001]", "[9001]\n    cap_add: [SYS_ADMIN]"))
    given = planned(file)
    (change,) = diff(before, given)
    assert "gets capabilities of the host: SYS_ADMIN" in change.reasons
    assert "trusted with cap_add" in draw(drawing_of(given), "text")
    moved = file.read_text().replace("peer: host", "peer: app")
    (tmp_path / "on-guest.yaml").write_text(moved)
    on_guest = planned(tmp_path / "on-guest.yaml")
    assert "trusted with" not in draw(drawing_of(on_guest), "text")
    (change,) = (c for c in diff(on_guest, given) if c.name == "peer")
    assert "gets capabilities of the host: SYS_ADMIN" in change.reasons


def test_rights_of_the_host_need_trust(tmp_path: Path) -> None:
    file = tmp_path / "on-host.yaml"
    file.write_text(LAB.read_text().replace("ports: [9001]", "ports: [9001]\n    user: root"))
    problems = plan_file(file, {}, Surroundings(stack="s", files="/files"))
    assert not isinstance(problems, Plan)
    assert [(p.path, p.severity) for p in problems if p.severity == "error"] == [
        ("services.peer.user", "error")
    ]
