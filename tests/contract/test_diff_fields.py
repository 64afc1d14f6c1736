"""No field of the plan is passed over in silence: it is compared, or listed as irrelevant."""

from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

import pytest

from isolab.diff import balancers, facts
from isolab.diff.compare import diff
from isolab.diff.guests import PLAN_IRRELEVANT, PLAN_TOLD
from isolab.model import Healthcheck, Limits
from isolab.plan.model import (
    Attachment,
    Backend,
    Balancer,
    Cluster,
    Container,
    Copy,
    File,
    Guest,
    Mount,
    Plan,
    PublishedPort,
    Route,
    Surroundings,
)
from isolab.plan.read import plan_file
from isolab.units import MiB

REFERENCE = Path(__file__).parents[2] / "stacks" / "reference.yaml"
OTHERS: dict[str, Any] = {
    "limits": Limits(memory=MiB(77)),
    "networks": (Attachment(network="front", aliases=("another",)),),
    "ports": (PublishedPort(internal=1, external=2, protocol="udp", ip="10.0.0.1"),),
    "mounts": (Mount(volume="other", target="/other", read_only=False),),
    "files": (File(kind="config", name="a", path="/a", target="/b", mode=0o400, content="c"),),
    "environment": (("OTHER", "x"),),
    "copies": (Copy(source="a", path="/a", target="/b", read_only=True, digest="c", size=1),),
    "hosts": (("old", "10.0.0.1"),),
    "healthcheck": Healthcheck(test=("CMD", "other")),
    "digest": "sha256:" + "b" * 64,
}
"""Another value for each field that is no plain one."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    digests = {f"isolab/{name}:1": "sha256:" + "a" * 64 for name in ("guestbook", "mariadb")}
    made = plan_file(REFERENCE, {}, Surroundings(stack="test", digests=digests))
    assert isinstance(made, Plan)
    return made


def other(field: "Field[Any]", value: Any) -> Any:
    """A value that is not the one there is; what is structured has one in OTHERS."""
    if field.name in OTHERS:
        return OTHERS[field.name]
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x"
        case None:
            return 4096
        case _:
            return ("another",)


def told(old: Plan, new: Plan) -> bool:
    return bool(diff(old, new))


@pytest.mark.parametrize("field", fields(Container), ids=lambda field: field.name)
def test_every_field_of_a_container_is_compared_or_irrelevant(
    field: "Field[Any]", plan: Plan
) -> None:
    if field.name in facts.CONTAINER_IRRELEVANT:
        return
    (guest,) = plan.guests
    first, *others = guest.containers
    if field.name == "build":
        # Where an image is known by its digest, that tells what was built.
        first = replace(first, build="sha256:" + "a" * 64, digest=None)
        plan = replace(plan, guests=(replace(guest, containers=(first, *others)),))
    changed = replace(first, **{field.name: other(field, getattr(first, field.name))})
    new = replace(plan, guests=(replace(guest, containers=(changed, *others)),))
    assert told(plan, new), f"a container's {field.name} changes, and nobody says so"


@pytest.mark.parametrize("field", fields(Guest), ids=lambda field: field.name)
def test_every_field_of_a_guest_is_compared_or_irrelevant(field: "Field[Any]", plan: Plan) -> None:
    if field.name in facts.GUEST_IRRELEVANT:
        return
    (guest,) = plan.guests
    changed = replace(guest, **{field.name: other(field, getattr(guest, field.name))})
    assert told(plan, replace(plan, guests=(changed,))), f"a guest's {field.name} is not told"


def test_every_field_of_a_plan_is_told_or_irrelevant() -> None:
    assert {field.name for field in fields(Plan)} == PLAN_TOLD | PLAN_IRRELEVANT.keys()


def balanced(plan: Plan) -> Plan:
    container = plan.guests[0].containers[-1]
    backend = Backend(container=container.name, guest="app-1", address="10.0.0.1", port=8080)
    route = Route(path="/", service="web", check="/", backends=(backend,))
    balancer = Balancer(
        name="front",
        mode="http",
        sticky=False,
        address=plan.network.gateway,
        listen=80,
        statistics=None,
        routes=(route,),
        container=replace(container, name="front", service="front", guest="host"),
    )
    cluster = Cluster(name="store", engine="galera", service="db", members=("db-1",))
    return replace(plan, balancers=(balancer,), clusters=(cluster,))


@pytest.mark.parametrize("field", fields(Balancer), ids=lambda field: field.name)
def test_every_field_of_a_balancer_is_compared_or_irrelevant(
    field: "Field[Any]", plan: Plan
) -> None:
    if field.name in balancers.IRRELEVANT:
        return
    old = balanced(plan)
    (balancer,) = old.balancers
    changed = replace(balancer, **{field.name: other(field, getattr(balancer, field.name))})
    assert told(old, replace(old, balancers=(changed,)))


@pytest.mark.parametrize("field", fields(Cluster), ids=lambda field: field.name)
def test_every_field_of_a_cluster_is_compared(field: "Field[Any]", plan: Plan) -> None:
    if field.name in ("members", "service"):
        return  # told by the replicas of its service
    old = balanced(plan)
    (cluster,) = old.clusters
    changed = replace(cluster, **{field.name: other(field, getattr(cluster, field.name))})
    assert told(old, replace(old, clusters=(changed,)))


@pytest.mark.parametrize("field", fields(Route), ids=lambda field: field.name)
def test_every_field_of_a_route_is_compared(field: "Field[Any]", plan: Plan) -> None:
    old = balanced(plan)
    (balancer,) = old.balancers
    (route,) = balancer.routes
    value = () if field.name == "backends" else other(field, getattr(route, field.name))
    changed = replace(balancer, routes=(replace(route, **{field.name: value}),))
    assert told(old, replace(old, balancers=(changed,)))
