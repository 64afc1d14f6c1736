"""A lab file has problems or is a lab; reading it never ends in a trace."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isolab.labfile import load
from isolab.labfile.keys import LAB, SERVICE
from isolab.model import Lab
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

REPO = Path(__file__).parents[2]
REFERENCE = (REPO / "stacks" / "reference.yaml").read_text()
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WORDS = st.sampled_from([*LAB, *SERVICE, "web", "db", "app", "data", "8080:80", "1GiB", "5s"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


def read(file: Path, text: str) -> Plan | tuple[object, ...]:
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    return plan_file(file, {}, Surroundings(stack="test"))


@QUICK
@given(text=st.text(max_size=80))
def test_no_text_raises(tmp_path: Path, text: str) -> None:
    read(tmp_path / "lab.yaml", text)


@pytest.mark.slow
@QUICK
@given(root=st.dictionaries(st.sampled_from(list(LAB)), VALUES, max_size=6))
def test_no_values_raise(tmp_path: Path, root: object) -> None:
    read(tmp_path / "lab.yaml", yaml.safe_dump(root))


@QUICK
@given(
    line=st.integers(0, REFERENCE.count("\n") - 1),
    words=st.sampled_from(["", "x: y", "- z", "  deep: {", "\t", "null", "*a", "<<: {a: b}"]),
)
def test_no_damaged_line_raises(tmp_path: Path, line: int, words: str) -> None:
    lines = REFERENCE.splitlines()
    lines[line] = words
    read(tmp_path / "lab.yaml", "\n".join(lines))


@pytest.mark.slow
@QUICK
@given(key=st.sampled_from(list(SERVICE)), value=VALUES)
def test_no_value_of_a_service_raises(tmp_path: Path, key: str, value: object) -> None:
    lab = {"guests": {"app": {}}, "services": {"web": {"image": "a:1", key: value}}}
    read(tmp_path / "lab.yaml", yaml.safe_dump(lab))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n"
            for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "a: 2020-13-45\n",
        "a: !!int x\n",
        "? [a]\n: b\n",
        "a: 1\n---\nb: 2\n",
        "a: \x07\n",
    ],
    ids=["deep", "laughs", "date", "tag", "key", "two documents", "bell"],
)
def test_hostile_files_have_problems(tmp_path: Path, text: str) -> None:
    assert isinstance(read(tmp_path / "lab.yaml", text), tuple)


def test_files_that_cannot_be_read_have_problems(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"name: caf\xe9\n")
    for file in (tmp_path / "missing.yaml", tmp_path, latin):
        assert isinstance(load(file, {}), tuple)


@pytest.mark.parametrize(
    "line",
    [
        "include: [{}]",
        "include: [{{path: {0}, project_directory: {0}}}]",
        "services: {{web: {{image: x, env_file: [{{path: {}, required: false}}]}}}}",
        "services: {{web: {{build: {}}}}}",
        "services: {{web: {{build: {{context: ., dockerfile: {}}}}}}}",
        "services: {{web: {{image: x, volumes: ['./{}:/x']}}}}",
        "guests: {{app: {{image: {}}}}}",
        "secrets: {{word: {{file: {}}}}}",
    ],
)
def test_names_that_no_file_can_have_are_problems(tmp_path: Path, line: str) -> None:
    for name in ("x" * 300, '"x\\0y"'):
        assert isinstance(read(tmp_path / "lab.yaml", line.format(name) + "\n"), tuple)


def test_order_comments_quoting_and_units_make_no_other_lab(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    head, services = "guests:\n  b: {memory: 1GiB}\n  a: {}\nservices:\n", []
    services.append("  web: {image: a:1, cpus: 0.5, stop_grace_period: 90s}\n")
    services.append("  db: {image: b:1}\n")
    first = read(file, head + "".join(services))
    head = "# A comment.\nguests:\n  a: {memory: 1024MiB}\n  b:\n    memory: '1024 MB'\nservices:\n"
    services[0] = "  web: {cpus: '0.50', image: \"a:1\", stop_grace_period: 1m30s}\n"
    assert isinstance(first, Plan)
    assert read(file, head + "".join(reversed(services))) == first


def test_positions_are_those_that_an_editor_shows() -> None:
    lab = load(REPO / "stacks" / "reference.yaml", {})
    assert isinstance(lab, Lab)
    lines = REFERENCE.splitlines()
    for path, position in lab.positions.items():
        if path and isinstance(path[-1], str):
            assert lines[position.line - 1][position.column - 1 :].startswith(path[-1])
