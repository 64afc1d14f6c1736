"""What the engine's events become: layers, lines, changes."""

import io
import json
from pathlib import Path

import pytest

from isolab.cli.output import layers, operations
from isolab.cli.output.layers import Layer
from isolab.cli.output.progress import Progress
from isolab.diff.compare import diff
from isolab.plan.model import LabNetwork, Plan, Pool, Registry, Surroundings
from isolab.plan.read import plan_file
from machine.deployment.events import Begun, Done, Event, Message, Step, Summary, parse

STACK = "urn:pulumi:s::isolab::pulumi:pulumi:Stack::isolab-s"
LAB = "urn:pulumi:s::isolab::isolab:index:Lab::s"
HOST = "urn:pulumi:s::isolab::isolab:index:Lab$isolab:index:Host::s-host"
GUEST = "urn:pulumi:s::isolab::isolab:index:Lab$isolab:index:Guest::app-1"
SERVICE = (
    "urn:pulumi:s::isolab::isolab:index:Lab$isolab:index:Guest$isolab:index:Service::app-1-web"
)
IN_HOST = HOST.rsplit("::", 1)[0]
IN_GUEST = GUEST.rsplit("::", 1)[0]
IN_SERVICE = SERVICE.rsplit("::", 1)[0]
NETWORK = f"{IN_HOST}$libvirt:index/network:Network::s-host-network"
ROOT = f"{IN_GUEST}$libvirt:index/volume:Volume::app-1-root"
CONTAINER = f"{IN_SERVICE}$docker:index/container:Container::web-1"


def step(urn: str, parent: str, operation: str = "create") -> Step:
    return Step(operation=operation, urn=urn, parent=parent, diffs=(), outputs={})


@pytest.mark.parametrize(
    ("urn", "parent", "layer", "what"),
    [
        (NETWORK, HOST, Layer(kind="host"), "network"),
        (ROOT, GUEST, Layer(kind="guest", name="app-1"), "root disk"),
        (CONTAINER, SERVICE, Layer(kind="service", name="web"), "container web-1"),
        (
            f"{IN_GUEST}$docker:index/network:Network::app-1-back",
            GUEST,
            Layer(kind="guest", name="app-1"),
            "network back",
        ),
        (
            f"{IN_GUEST}$command:remote:Command::app-1-ready",
            GUEST,
            Layer(kind="guest", name="app-1"),
            "ready",
        ),
        (
            f"{IN_SERVICE}$command:remote:Command::web-1-files",
            SERVICE,
            Layer(kind="service", name="web"),
            "files of web-1",
        ),
        (SERVICE, GUEST, Layer(kind="service", name="web"), "isolab:index:Service"),
        (STACK, "", Layer(kind="lab"), "pulumi:pulumi:Stack"),
    ],
)
def test_a_resource_belongs_to_a_layer(urn: str, parent: str, layer: Layer, what: str) -> None:
    assert layers.layer(urn, parent) == layer
    assert layers.what(urn, parent) == what


def test_a_service_with_a_number_keeps_its_name() -> None:
    assert layers.service_name("app-1-web-2", ["app-1"]) == "web-2"
    assert layers.service_name("app-12-web", ["app-1", "app-12"]) == "web"
    assert layers.service_name("host-web", ["app-1"]) == "web"


def test_the_event_log_becomes_typed_events() -> None:
    metadata = {"op": "create", "urn": ROOT, "old": None, "new": {"parent": GUEST}, "diffs": None}
    assert parse(json.dumps({"resourcePreEvent": {"metadata": metadata}})) == Begun(
        step=step(ROOT, GUEST)
    )
    said = {"message": "<{%fg 1%}>no room<{%reset%}>\n", "severity": "error", "urn": ROOT}
    assert parse(json.dumps({"diagnosticEvent": said})) == Message(
        severity="error", urn=ROOT, text="no room", passing=False
    )
    assert parse('{"summaryEvent": {"resourceChanges": {"same": 3}}}') == Summary(
        changes={"same": 3}
    )
    assert parse('{"preludeEvent": {"config": {}}}') is None


def told(*events: Event) -> tuple[Progress, str]:
    stream = io.StringIO()
    times = iter(range(1000))
    progress = Progress(["app-1"], stream, lambda: float(next(times)))
    progress.follow(events)
    return progress, stream.getvalue()


def test_each_operation_gets_a_line_and_groups_get_none() -> None:
    events = [
        kind(step=s)
        for s in (step(GUEST, LAB), step(ROOT, GUEST), step(NETWORK, HOST, "same"))
        for kind in (Begun, Done)
    ]
    progress, text = told(*events)
    assert [line.split()[:5] for line in text.splitlines()] == [
        ["guest", "app-1", "root", "disk", "created"]
    ]
    assert progress.actions == 1
    assert list(progress.spans) == [Layer(kind="guest", name="app-1")]


def test_an_error_is_told_once_and_without_its_trace() -> None:
    trace = 'Traceback (most recent call last):\n  File "x", line 1\nValueError: no such lab\n'
    message = Message(severity="error", urn="", text=trace, passing=False)
    progress, _ = told(message, message)
    assert progress.errors == ["ValueError: no such lab"]


def test_operations_that_no_diff_explains_are_changes_too() -> None:

    plan = Plan(
        stack="s",
        name="s",
        description="",
        libvirt="",
        kvm=False,
        network=LabNetwork(name="", bridge="", cidr="", gateway="", domain=""),
        pool=Pool(name="", path=""),
        registry=Registry(name="", address="", port=0, loopback_port=0),
        image=None,
        guests=(),
        endpoints=(),
    )
    found = operations.changes(
        [step(CONTAINER, SERVICE, "create-replacement"), step(NETWORK, HOST, "same")],
        (),
        plan,
        plan,
    )
    assert [(c.layer, c.name, c.change) for c in found] == [("service", "web", "replace")]


def test_a_rebuilt_guest_tells_its_containers_as_effects(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "stacks" / "reference.yaml").read_text()
    plans: list[Plan] = []
    for index, content in enumerate((text, text.replace("disk: 8GiB", "disk: 9GiB"))):
        file = tmp_path / f"{index}.yaml"
        file.write_text(content)
        planned = plan_file(file, {}, Surroundings(stack="s"))
        assert isinstance(planned, Plan)
        plans.append(planned)
    steps = [
        step(ROOT, GUEST, "create-replacement"),
        step(CONTAINER, SERVICE, "create-replacement"),
        step(CONTAINER, SERVICE, "delete-replaced"),
    ]
    (change,) = operations.changes(steps, diff(*plans), *plans)
    assert (change.layer, change.name, change.change) == ("guest", "app-1", "replace")
    assert change.reasons == ("disk 8192 MiB -> 9216 MiB",)
    on_containers = {e.name for e in change.effects if e.layer == "container"}
    assert on_containers == {"web-1", "db-1"}
