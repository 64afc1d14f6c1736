"""What stays of one description under another, where Compose's loader is not asked."""

from pathlib import Path

import pytest

from isolab.labfile import load
from isolab.model import Lab


def lab(folder: Path, text: str, **files: str) -> Lab:
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content)
    file = folder / "lab.yaml"
    file.write_text(text)
    made = load(file, {"SHOP": "market"})
    assert isinstance(made, Lab), "\n".join(map(str, made))
    return made


@pytest.mark.parametrize(
    ("name", "called"),
    [("name: shop", "shop"), ('name: "${SHOP}"', "market"), ("description: none", "lab")],
)
def test_the_project_is_called_as_the_lab(tmp_path: Path, name: str, called: str) -> None:
    text = f"{name}\nservices: {{web: {{image: 'a:1', user: '${{COMPOSE_PROJECT_NAME}}'}}}}\n"
    (web,) = lab(tmp_path, text).services
    assert web.user == called


def test_what_is_set_wins_over_the_labs_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=mine\n")
    text = "services: {web: {image: 'a:1', user: $COMPOSE_PROJECT_NAME}}\n"
    assert lab(tmp_path, text).services[0].user == "mine"


def test_an_overridden_number_stays_one(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', cpus: !override 0.5, user: !override '0123'}}\n"
    (web,) = lab(tmp_path, text).services
    assert (web.limits.cpus, web.user) == (0.5, "0123")


def test_what_is_reset_with_nothing_below_is_not_there(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', environment: !reset {A: b}, labels: {a: !reset x}}}\n"
    (web,) = lab(tmp_path, text).services
    assert (web.environment, web.labels) == ({}, {})


def test_a_network_may_be_called_like_an_extension(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', networks: {x-net: }}}\nnetworks: {x-net: {}}\n"
    (web,) = lab(tmp_path, text).services
    assert dict(web.networks) == {"x-net": ()}


def test_the_including_file_wins(tmp_path: Path) -> None:
    text = "include: [base.yaml]\nservices: {web: {image: 'b:1', environment: {B: b}}}\n"
    base = "services: {web: {image: 'a:1', environment: {A: a}}}\n"
    (web,) = lab(tmp_path, text, base=base).services
    assert (web.image, web.environment) == ("b:1", {"A": "a", "B": "b"})
