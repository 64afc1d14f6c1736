"""What the framework promises to every plugin: checks, diffs, drift, secrets, previews."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from airgap.framework import (
    UNKNOWN,
    Context,
    Created,
    Failure,
    Inputs,
    Plugin,
    ResourceType,
    State,
    values,
)
from airgap.framework.diff import changes, drifted
from airgap.framework.journal import Journal
from airgap.framework.schema import BOOLEAN, INTEGER, STRING, Bag, Field, List, Map, Object, check
from airgap.framework.servicer import Servicer
from airgap.framework.values import Secret

HOST = Object({"name": Field(STRING), "ip": Field(STRING)})
SCHEMA = Object(
    {
        "name": Field(STRING, required=True, replaces=True),
        "size": Field(INTEGER, default=1),
        "on": Field(BOOLEAN),
        "words": Field(List(STRING), replaces=True),
        "hosts": Field(Object({"list": Field(List(HOST))})),
        "set": Field(Bag(STRING)),
        "map": Field(Map(STRING)),
    },
    instead={"shares": "size"},
)
URN = "urn:pulumi:test::bench::toy:index/thing:Thing::one"


class Thing(ResourceType[None]):
    """A resource that exists in a dict."""

    token = "toy:index/thing:Thing"
    inputs = SCHEMA
    computed = ("serial",)

    def __init__(self) -> None:
        self.things: dict[str, Any] = {}
        self.fails = False

    def create(self, context: Context[None], inputs: Inputs) -> Created:
        context.making()
        if self.fails:
            raise KeyboardInterrupt
        self.things["1"] = dict(inputs)
        return Created("1", {**inputs, "serial": 7})

    def leftover(self, context: Context[None], inputs: Inputs) -> None:
        self.things["leftover"] = inputs["name"]

    def read(self, context: Context[None], id: str, state: State) -> State | None:
        return {**self.things[id], "serial": 7} if id in self.things else None

    def update(self, context: Context[None], id: str, state: State, inputs: Inputs) -> State:
        raise Failure("it is stuck:\n  shake it")

    def delete(self, context: Context[None], id: str, state: State) -> None:
        self.things.pop(id, None)


class Aborted(Exception):
    """What a gRPC context does to a call that failed."""


class Call:
    """A gRPC context that keeps what was said."""

    def abort(self, code: Any, text: str) -> None:
        raise Aborted(text)

    def set_trailing_metadata(self, metadata: Any) -> None:
        self.metadata = metadata


def plugin(thing: Thing) -> Plugin:
    return Plugin(
        name="toy",
        version="1.0.0",
        config=Object({"words": Field(List(STRING))}),
        connect=lambda config: None,
        resources=(thing,),
    )


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def servicer(thing: Thing, tmp_path: Any) -> Servicer:
    return Servicer(plugin(thing), journal=Journal(tmp_path))


def create(servicer: Servicer, inputs: dict[str, Any], preview: bool = False) -> dict[str, Any]:
    request = provider_pb2.CreateRequest(urn=URN, properties=values.dump(inputs), preview=preview)
    return values.load(servicer.Create(request, Call()).properties)


def test_values_survive_the_wire() -> None:
    sent = {
        "s": "a",
        "n": 3,
        "f": 1.5,
        "b": True,
        "none": None,
        "l": [1, {"x": []}],
        "u": UNKNOWN,
        "secret": Secret({"k": ["v"]}),
        "empty": {},
    }
    assert values.load(values.dump(sent)) == sent


def test_defaults_are_filled_in_and_named() -> None:
    assert check({"name": "a"}, SCHEMA) == (
        {"__defaults": ["size"], "name": "a", "size": 1},
        [],
    )


def test_an_unknown_input_is_refused_by_name_with_what_to_use() -> None:
    _, problems = check({"name": "a", "shares": 5}, SCHEMA)
    assert problems == [("shares", "is not supported by isolab's plugin; use size")]


def test_all_problems_come_at_once() -> None:
    given = {"size": "many", "words": "a", "hosts": {"list": [{"ip": {}}]}}
    _, problems = check(given, SCHEMA)
    assert [path for path, _ in problems] == [
        "size",
        "words",
        "hosts.list[0].ip",
        "name",
    ]


def test_a_secret_stays_wrapped_through_the_check() -> None:
    checked, problems = check({"name": Secret("a")}, SCHEMA)
    assert (checked["name"], problems) == (Secret("a"), [])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"size": 1}, {"size": 2}, [("size", "update")]),
        ({}, {"size": 2}, [("size", "add")]),
        ({"size": 1}, {}, [("size", "delete")]),
        ({"words": ["a"]}, {"words": ["a", "b"]}, [("words[1]", "add")]),
        ({"words": ["a"]}, {"words": UNKNOWN}, [("words", "update")]),
        ({"words": ["a"]}, {"words": [UNKNOWN]}, [("words[0]", "update")]),
        (
            {"map": {"a": "1"}},
            {"map": {"b": "1"}},
            [("map.a", "delete"), ("map.b", "add")],
        ),
        ({"set": ["a", "b"]}, {"set": ["b", "a"]}, []),
        ({"set": ["a"]}, {"set": ["b"]}, [("set", "update")]),
        (
            {"hosts": {"list": []}},
            {"hosts": {"list": [{"name": "a", "ip": "1"}]}},
            [
                ("hosts.list", "update"),
                ("hosts.list[0].name", "add"),
                ("hosts.list[0].ip", "add"),
            ],
        ),
    ],
)
def test_what_changed(old: Any, new: Any, expected: Any) -> None:
    assert [(each.path, each.what) for each in changes(old, new, SCHEMA)] == expected


def test_only_what_was_asked_for_drifts() -> None:
    wanted = {
        "name": "a",
        "size": 1,
        "hosts": {"list": [{"name": "a"}]},
        "set": ["b", "a"],
    }
    state = {
        "name": "a",
        "size": 2,
        "on": True,
        "hosts": {"list": [{"name": "a", "ip": "1"}]},
        "set": ["a", "b"],
    }
    assert drifted(wanted, state, SCHEMA) == {**wanted, "size": 2}


def test_an_output_of_a_secret_input_is_secret(servicer: Servicer) -> None:
    state = create(servicer, {"name": "a", "words": [Secret("x")]})
    assert state["words"] == Secret(["x"])
    assert state["serial"] == 7


def test_a_preview_makes_nothing_and_knows_no_computed_output(
    servicer: Servicer, thing: Thing
) -> None:
    state = create(servicer, {"name": "a"}, preview=True)
    assert state["serial"] is UNKNOWN
    assert thing.things == {}


def test_what_is_gone_reads_as_nothing(servicer: Servicer) -> None:
    request = provider_pb2.ReadRequest(urn=URN, id="1", properties=values.dump({"name": "a"}))
    assert servicer.Read(request, Call()).id == ""


def test_a_replacement_names_its_reasons(servicer: Servicer) -> None:
    old, new = {"name": "a", "size": 1}, {"name": "b", "size": 2}
    request = provider_pb2.DiffRequest(
        urn=URN,
        id="1",
        olds=values.dump(old),
        old_inputs=values.dump(old),
        news=values.dump(new),
    )
    found = servicer.Diff(request, Call())
    assert (list(found.diffs), list(found.replaces)) == (["name", "size"], ["name"])
    assert found.deleteBeforeReplace


def test_a_failure_is_one_line(servicer: Servicer) -> None:
    request = provider_pb2.UpdateRequest(
        urn=URN, id="1", olds=values.dump({}), news=values.dump({})
    )
    with pytest.raises(Aborted, match=r"^it is stuck: shake it$"):
        servicer.Update(request, Call())


def test_a_create_that_was_cut_off_is_cleared_away_by_the_next(thing: Thing, tmp_path: Any) -> None:
    thing.fails = True
    with pytest.raises(KeyboardInterrupt):
        create(Servicer(plugin(thing), journal=Journal(tmp_path)), {"name": "a"})
    thing.fails = False
    later = Servicer(plugin(thing), journal=Journal(tmp_path))
    create(later, {"name": "a"})
    assert thing.things.pop("leftover") == "a"
    later.close()
    create(Servicer(plugin(thing), journal=Journal(tmp_path)), {"name": "a"})
    assert "leftover" not in thing.things


def test_what_is_finished_after_the_engine_died_is_undone(thing: Thing, tmp_path: Any) -> None:
    orphan = Servicer(plugin(thing), engine_is_gone=lambda: True, journal=Journal(tmp_path))
    create(orphan, {"name": "a"})
    assert thing.things == {}


def test_a_provider_is_configured_with_json_in_strings(servicer: Servicer) -> None:
    request = provider_pb2.ConfigureRequest(args=values.dump({"words": '["a", "b"]'}))
    assert servicer.Configure(request, None).acceptSecrets
    assert servicer._config == {"words": ["a", "b"]}
