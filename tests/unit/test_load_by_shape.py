"""Files made from the schema reach deep into the readers, the rules and the plan."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from isolab.labfile import load
from isolab.labfile.compose import merge
from isolab.labfile.schema import schema
from isolab.labfile.syntax import dotenv
from isolab.labfile.syntax.node import Node, Origin
from isolab.labfile.syntax.parse import parse
from isolab.model import Lab
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps

SCHEMA = schema()
CHECKER = Draft202012Validator(SCHEMA)
QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.large_base_example,
    ],
)
WORDS = ("web", "db", "app", "front", "data", "page")
NAMES = st.sampled_from(WORDS)
FEW = 3
"""Keys of a mapping, items of a list."""


def fitting(shape: Any) -> st.SearchStrategy[Any]:
    """Values that a schema takes, and none that name variables."""
    if "anyOf" in shape:
        return st.one_of([fitting(form) for form in shape["anyOf"] if not of_variables(form)])
    if "enum" in shape:
        return st.sampled_from(shape["enum"])
    kind = shape.get("type", "null")
    kinds = kind if isinstance(kind, list) else [kind]
    return st.one_of([KINDS[kind](shape) for kind in kinds])


def of_variables(shape: Any) -> bool:
    return shape.get("pattern") == r"\$"


def words(shape: Any) -> st.SearchStrategy[str]:
    pattern = shape.get("pattern", "").removesuffix(r"|\$")
    if not pattern or r"[\s\S]" in pattern or ".*" in pattern:
        return st.sampled_from([*WORDS, "/srv", "a=b", "data:/srv"])
    return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))


def mapping(shape: Any) -> st.SearchStrategy[dict[str, Any]]:
    known = shape.get("properties", {})
    if not known:
        inside = shape.get("additionalProperties") or {}
        return st.dictionaries(NAMES, st.deferred(lambda: fitting(inside)), max_size=FEW)
    needed = {
        group["anyOf"][0]["required"][0] for group in shape.get("allOf", ()) if "anyOf" in group
    }

    def some(keys: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({key: fitting(known[key]) for key in {*keys, *needed}})

    return st.lists(st.sampled_from(list(known)), max_size=FEW, unique=True).flatmap(some)


KINDS: dict[str, Callable[[Any], st.SearchStrategy[Any]]] = {
    "null": lambda shape: st.none(),
    "string": words,
    "boolean": lambda shape: st.booleans(),
    "number": lambda shape: st.integers(0, 9000),
    "integer": lambda shape: st.integers(shape.get("minimum", 0), shape.get("maximum", 9000)),
    "array": lambda shape: st.lists(fitting(shape["items"]), max_size=FEW),
    "object": mapping,
}
SERVICE = {**SCHEMA["properties"]["services"]["additionalProperties"], "type": "object"}
SERVICES = st.dictionaries(
    NAMES, fitting(SERVICE).map(lambda s: {"image": "a:1", **s}), min_size=1, max_size=2
)
OTHERS = ("networks", "volumes", "secrets", "configs", "placement", "balancers", "guests")
ROOMY = {
    "guests": {"app": {"memory": "900GiB", "vcpus": 256}},
    "networks": dict.fromkeys(WORDS),
    "volumes": dict.fromkeys(WORDS),
    "secrets": {word: {"external": True} for word in WORDS},
    "configs": {word: {"content": "hello"} for word in WORDS},
}
"""A lab that has what services may name, so that many of them can be planned."""
FILES = st.fixed_dictionaries(
    {"services": SERVICES},
    optional={key: fitting(SCHEMA["properties"][key]) for key in OTHERS},
) | SERVICES.map(lambda services: {**ROOMY, "services": services})


def written(folder: Path, value: object) -> Path:
    file = folder / "lab.yaml"
    file.write_text(yaml.safe_dump(value), encoding="utf-8")
    return file


def planned(file: Path) -> Plan | tuple[object, ...]:
    return plan_file(file, {}, Surroundings(stack="test"))


@QUICK
@given(value=FILES)
def test_no_file_of_the_right_shape_raises_and_its_plan_is_always_the_same(
    tmp_path: Path, value: object
) -> None:
    file = written(tmp_path, value)
    first, second = planned(file), planned(file)
    assert first == second
    if isinstance(first, Plan) and isinstance(second, Plan):
        assert dumps(first) == dumps(second)


@QUICK
@given(value=FILES)
def test_what_is_read_fits_the_schema(tmp_path: Path, value: object) -> None:
    if isinstance(load(written(tmp_path, value), {}), Lab):
        assert CHECKER.is_valid(value)


@QUICK
@given(base=fitting(SERVICE), over=fitting(SERVICE))
def test_extending_never_raises_and_changes_nothing_that_it_does_not_say(
    tmp_path: Path, base: dict[str, Any], over: dict[str, Any]
) -> None:
    services = {"base": base, "child": {**over, "extends": "base"}}
    planned(written(tmp_path, {"guests": {"app": {}}, "services": services}))
    nodes = {name: tree(written(tmp_path, s)) for name, s in {"base": base, "over": over}.items()}
    merged = merge.service(nodes["base"], nodes["over"]).mapping()
    assert {*merged} == {*base, *over}
    untouched = base.keys() - over.keys()
    assert all(merged[key] == nodes["base"].mapping()[key] for key in untouched)


def tree(file: Path) -> Node:
    root, problems = parse(file, Origin(folder=file.parent, variables={}))
    # A lone dollar is no text: refused where it is read, and nothing to merge.
    assume(not problems)
    return root


@QUICK
@given(text=st.text(max_size=60) | st.from_regex(r"(\w+=['\"]?[\w$ #{}:'\"\\-]*\n)+"))
def test_a_file_of_variables_is_read_or_says_its_line(text: str) -> None:
    try:
        values = dotenv.parse(text, {"HOME": "/root"})
    except dotenv.BadLine as bad:
        assert 1 <= bad.line <= text.count("\n") + 1
        return
    assert all("=" not in name and name.strip() == name for name in values)
    dotenv.parse_raw(text)
