"""Which guest runs which replica, and how services on other guests are reached."""

from isolab.model import GuestGroup, Lab, Placement, Port, Service, ServiceNetwork
from isolab.plan.make import make_plan
from isolab.plan.model import Plan, Surroundings
from isolab.plan.order import guest_order
from isolab.plan.placement import place


def lab(placement: dict[str, tuple[str, ...]], *services: Service) -> Lab:
    return Lab(
        name="test",
        file="test.yaml",
        guests=(GuestGroup(name="app", count=2), GuestGroup(name="db")),
        services=services,
        networks=(ServiceNetwork(name="back", internal=True),),
        placement={name: Placement(targets=targets) for name, targets in placement.items()},
    )


def service(name: str, **more: object) -> Service:
    return Service(name=name, image=f"{name}:1", networks={"back": ()}, **more)  # type: ignore[arg-type]


def plan(lab: Lab) -> Plan:
    return make_plan(lab, Surroundings(stack="test"))


def where(lab: Lab) -> dict[str, str]:
    return {f"{name}-{replica}": at.name for (name, replica), at in place(lab).items()}


def test_replicas_go_round_all_guests_where_nothing_is_said() -> None:
    assert list(where(lab({}, service("web", replicas=4))).values()) == [
        "app-1", "app-2", "db-1", "app-1",
    ]  # fmt: skip


def test_a_services_own_placement_goes_before_that_of_all() -> None:
    placed = where(lab({"*": ("app",), "db": ("db-1",)}, service("web"), service("db")))
    assert placed == {"web-1": "app-1", "db-1": "db-1"}


def test_services_on_one_guest_talk_over_their_network_alone() -> None:
    made = plan(lab({"*": ("app-1",)}, service("web"), service("db", expose=(3306,))))
    assert all(not c.hosts and not c.ports for c in made.containers)


def test_a_service_on_another_guest_is_called_through_its_port_there() -> None:
    web = service("web", depends_on={"db": "service_started"})
    made = plan(lab({"web": ("app",), "db": ("db",)}, web, service("db", expose=(3306,))))
    callers = {c.name: c for c in made.containers}
    address = made.guests[-1].address
    assert callers["web-1"].hosts == (("db", address),)
    assert [(p.internal, p.external, p.ip) for p in callers["db-1"].ports] == [
        (3306, 3306, address)
    ]
    assert callers["db-1"].networks[0].network == "isolab-links"


def test_who_is_waited_for_does_not_call_back() -> None:
    web = service("web", depends_on={"db": "service_started"}, expose=(8000,))
    made = plan(lab({"web": ("app",), "db": ("db",)}, web, service("db", expose=(3306,))))
    assert next(c for c in made.containers if c.name == "db-1").hosts == ()


def test_services_start_behind_what_they_wait_for() -> None:
    web = service("a-web", depends_on={"db": "service_started"})
    made = plan(lab({"*": ("app-1",)}, web, service("db")))
    assert [c.name for c in made.containers] == ["db-1", "a-web-1"]
    assert made.containers[1].depends_on == (("db-1", "service_started"),)


def test_open_ports_of_replicas_on_one_guest_differ() -> None:
    web = Service(name="web", image="a:1", replicas=3, ports=(Port(target=80, published=None),))
    made = plan(lab({"web": ("app-1",)}, web))
    ports = [port.external for c in made.containers for port in c.ports]
    assert len(set(ports)) == 3
    assert len(made.endpoints) == 3


def test_guests_are_made_behind_those_that_theirs_wait_for() -> None:
    web = service("web", depends_on={"db": "service_started"}, expose=(80,))
    made = plan(lab({"web": ("app-1",), "db": ("db",)}, web, service("db", expose=(3306,))))
    assert [guest.name for guest in guest_order(made.guests)] == ["db-1", "app-1", "app-2"]


def test_guests_that_wait_for_each_other_come_as_they_are() -> None:
    services = [
        service("web", depends_on={"db": "service_started"}, expose=(80,)),
        service("log", depends_on={"web": "service_started"}, expose=(81,)),
        service("db", expose=(3306,)),
    ]
    made = plan(lab({"web": ("app-1",), "log": ("db",), "db": ("db",)}, *services))
    assert sorted(guest.name for guest in guest_order(made.guests)) == ["app-1", "app-2", "db-1"]
