"""What status makes of a balancer's statistics, and of replicas that are not healthy."""

from pathlib import Path

from isolab.cli.commands import status
from isolab.cli.context import balance, live
from isolab.cli.context.balance import BackendStatus, BalancerStatus
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

BALANCED = Path(__file__).parents[1] / "labs/valid/balanced.yaml"
# As HAProxy 2.6 prints it, with the columns between cut out.
ANSWER = """HTTP/1.0 200 OK\r
content-type: text/plain\r
\r
# pxname,svname,status,lastchg,check_status,check_code,
front,FRONTEND,OPEN,,,,
web,web-1,UP,12,L7OK,200,
web,web-2,DOWN,7,* L4TOUT,,
api_2,api-1,DRAIN,3,L7OK,200,
web,BACKEND,UP,12,,,
isolab_statistics,FRONTEND,OPEN,,,,
"""


def planned() -> Plan:
    plan = plan_file(BALANCED, {}, Surroundings(stack="balanced"))
    assert isinstance(plan, Plan)
    return plan


def found() -> BalancerStatus:
    front = next(b for b in planned().balancers if b.name == "front")
    backends = tuple(balance._backends(front, ANSWER))
    return BalancerStatus(name="front", address="a:1", state="running", backends=backends)


def guest(name: str, state: str, *containers: str) -> live.GuestStatus:
    return live.GuestStatus(
        name=name,
        address="",
        state=state,
        docker="running" if state == "running" else "unreachable",
        containers=tuple(
            live.ContainerStatus(
                name=container,
                service=container.rpartition("-")[0],
                replica=1,
                state="running" if state == "running" else "unknown",
                health="none",
            )
            for container in containers
        ),
    )


def now(*guests: live.GuestStatus, balancers: tuple[BalancerStatus, ...] = ()) -> live.Status:
    host = live.HostStatus(address="", network="active", registry="running")
    services = tuple(live._services(planned(), guests, host, balancers))
    drift = (*live._drift(host, guests), *balance.drift(balancers))
    return live.Status(
        stack="balanced",
        host=host,
        guests=guests,
        endpoints=(),
        drift=drift,
        balancers=balancers,
        services=services,
    )


def test_a_balancers_own_view_is_read_replica_by_replica() -> None:
    assert found().backends == (
        BackendStatus(service="web", container="web-1", state="UP", reason="L7OK 200", seconds=12),
        BackendStatus(service="web", container="web-2", state="DOWN", reason="L4TOUT", seconds=7),
        BackendStatus(
            service="api", container="api-1", state="DRAIN", reason="L7OK 200", seconds=3
        ),
    )


def test_a_replica_that_gets_no_requests_is_not_healthy_and_status_says_why() -> None:
    it = now(guest("app-1", "running", "web-1", "web-2"), balancers=(found(),))
    assert it.verdict == "degraded"
    text = status.text(it)
    assert "1 of 2 web are healthy" in text
    assert "web-2: front finds it DOWN, L4TOUT" in text
    assert "balancer front sends nothing to web-2: DOWN, L4TOUT, for 7 s" in text


def test_a_dead_guest_degrades_what_has_replicas_elsewhere() -> None:
    it = now(guest("app-1", "shut off", "web-1"), guest("app-2", "running", "web-2"))
    assert it.verdict == "degraded"
    (web,) = it.services
    assert (web.replicas, web.well) == (2, 1)
    assert web.wrong == ("web-1: its guest app-1 is shut off",)


def test_a_service_without_a_healthy_replica_is_down() -> None:
    it = now(guest("app-1", "shut off", "web-1"), guest("app-2", "running", "api-2"))
    assert it.verdict == "down"


def test_all_healthy_is_healthy() -> None:
    it = now(guest("app-1", "running", "web-1"), guest("app-2", "running", "web-2"))
    assert it.verdict == "well"
    assert "everything is healthy" in status.text(it)
