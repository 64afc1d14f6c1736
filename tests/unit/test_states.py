"""What the layers said, as states of a drawing's boxes."""

from pathlib import Path

from isolab.cli.context import states
from isolab.cli.context.balance import BackendStatus, BalancerStatus
from isolab.cli.context.live import ContainerStatus, GuestStatus, HostStatus, Status
from isolab.draw import draw
from isolab.draw.drawing import State
from isolab.draw.make import drawing_of
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

LAB = """\
guests: {app: {memory: 1GiB}}
services:
  web: {image: isolab/guestbook:1, expose: [8000], scale: 2}
  job: {image: isolab/guestbook:1, restart: "no"}
  agent: {image: isolab/guestbook:1, ports: [9100]}
balancers: {front: {service: web, listen: 8080}}
placement: {agent: host, "*": app}
"""


def container(name: str, state: str, health: str = "none") -> ContainerStatus:
    service, _, replica = name.rpartition("-")
    return ContainerStatus(
        name=name, service=service, replica=int(replica), state=state, health=health
    )


def backend(name: str, state: str) -> BackendStatus:
    return BackendStatus(service="web", container=name, state=state, reason="", seconds=1)


def test_every_box_that_can_be_asked_has_a_state(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB)
    plan = plan_file(file, {}, Surroundings(stack="s"))
    assert isinstance(plan, Plan), "\n".join(map(str, plan))
    (agent,), (guest,) = plan.host_containers, plan.guests
    inside = (
        container("web-1", "running", "healthy"),
        container("web-2", "running", "unhealthy"),
        container("job-1", "completed"),
    )
    backends = (backend("web-1", "UP"), backend("web-2", "DOWN"))
    front = BalancerStatus(name="front", address="a:1", state="running", backends=backends)
    now = Status(
        stack="s",
        host=HostStatus(
            address="",
            network="active",
            registry="exited",
            containers=(container(agent.name, "running"),),
        ),
        guests=(
            GuestStatus(
                name=guest.name, address="", state="running", docker="running", containers=inside
            ),
        ),
        endpoints=(),
        drift=(),
        balancers=(front,),
    )
    found = states.told(plan, now)
    drawing = drawing_of(plan, states=found)
    asked = ("lab network", "registry", "balancer", "guest", "container")
    assert all(box.state for box in drawing.walk() if box.kind in asked)
    said = {name: (state.words, state.health) for (_, name), state in found.items()}
    assert said[agent.name] == ("running", "healthy")
    assert said["front"] == ("running, 1 of 2 get requests", "healthy")
    assert said["registry"] == ("exited", "down")
    assert said["web-2"] == ("running, unhealthy", "down")
    assert said["job-1"] == ("completed", "healthy")
    assert "✓ running, 1 of 2 get requests" in draw(drawing, "text").replace("\n", " ")


def test_a_balancer_or_a_guest_that_does_not_answer_is_not_healthy(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB)
    plan = plan_file(file, {}, Surroundings(stack="s"))
    assert isinstance(plan, Plan)
    silent = GuestStatus(
        name="app-1", address="", state="running", docker="unreachable",
        containers=(container("web-1", "unknown", "unknown"),),
    )  # fmt: skip
    now = Status(
        stack="s",
        host=HostStatus(address="", network="active", registry="running"),
        guests=(silent,),
        endpoints=(),
        drift=(),
        balancers=(BalancerStatus(name="front", address="", state="silent", backends=()),),
    )
    found = states.told(plan, now)
    assert found["balancer", "front"].health == "down"
    assert found["guest", "app-1"].health == "unknown"
    assert found["container", "web-1"] == State(words="unknown", health="unknown")
