"""Drawings of the course in the learner's language: isolab's words, and none of the lab's names."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from isolab.cli.context.tutor import Course, Setting, show
from isolab.draw import draw
from isolab.draw.drawing import Drawing
from isolab.draw.look import ARROWS, described
from isolab.draw.make import drawing_of
from isolab.draw.translate import phrase, translated
from isolab.lessons import read, texts
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

STACKS = sorted((Path(__file__).parents[2] / "stacks").glob("*.yaml"))
ADDRESSES = re.compile(r"[\d.:/→ ]+|https?://\S+ \([\w-]+\)|http [\d.:]+")
SAME = {"registry", "NAT", "cluster db (galera)", "1 CPU", "1 vCPU", "2 vCPUs"}
"""Words that are one in both languages, and units."""
say = texts.drawn("pt_BR")


def planned(lab: Path) -> Plan:
    plan = plan_file(lab, {}, Surroundings(stack=lab.stem, kvm=True))
    assert isinstance(plan, Plan)
    return plan


@pytest.fixture(params=STACKS, ids=lambda lab: lab.stem)
def english(request: pytest.FixtureRequest) -> Drawing:
    return drawing_of(planned(request.param))


def test_every_fact_of_the_labs_is_translated(english: Drawing) -> None:
    facts = {fact for box in english.walk() for fact in box.facts[box.kind == "container" :]}
    parts = {part for fact in facts for part in fact.split(", ")}
    left = {part for part in parts if phrase(part, say) == part and part not in SAME}
    assert {part for part in left if not ADDRESSES.fullmatch(part) and "iB" not in part} == set()
    assert len(parts - left) > 8


def test_names_of_the_lab_are_left_alone(english: Drawing) -> None:
    portuguese = translated(english, say)
    own = ("container", "guest", "volume", "network", "internal", "balancer", "lab network")
    pairs = list(zip(english.walk(), portuguese.walk(), strict=True))
    assert all(a.name == b.name for a, b in pairs if a.kind in own)
    assert all(a.facts[0] == b.facts[0] for a, b in pairs if a.kind == "container")
    assert portuguese.host.name == "host físico"


def test_the_picture_and_its_words_for_screen_readers_are_in_portuguese(english: Drawing) -> None:
    svg = draw(translated(english, say), "svg")
    words = {word for text in re.findall(r"<text[^>]*>([^<]+)", svg) for word in text.split()}
    strange = {
        "guest",
        "from",
        "at",
        "host",
        "outside",
        "opens",
        "balancer",
        "volume",
        "disk",
        "network",
    }
    # volume is the same word in both.
    assert words & (strange - {"volume", "host"}) == set()
    assert "rede do laboratório" in svg
    told = described(translated(english, say))
    assert not any(arrow in told for arrow in ARROWS.values())
    assert english.description not in told


STRANGE = re.compile(r"\b(outside|lab network|guests?|is on|at|unused|alike|highlighted)\b")


def test_a_terminal_shows_portuguese_too(english: Drawing) -> None:
    shown = draw(translated(english, say), "text")
    assert STRANGE.findall(shown) == []
    assert not any(arrow in " ".join(shown.split()) for arrow in ARROWS.values())
    assert "rede do laboratório" in shown


def test_the_tutor_draws_the_lab_in_the_learners_language() -> None:
    plan = planned(STACKS[0])
    lesson = texts.translated(read.catalogue()[0], "pt_BR")
    course = Course(
        setting=Setting(plan=plan, up=True),
        elsewhere={},
        lessons=(lesson,),
        language="pt_BR",
        known={},
    )
    console = Console(file=io.StringIO(), width=100)
    with console.capture() as capture:
        show(course, whole=True, console=console)
    assert "rede do laboratório" in capture.get()
    assert "lab network" not in capture.get()


def test_networks_are_translated_where_they_are_told(english: Drawing) -> None:
    told = described(translated(english, say))
    assert not re.search(r"está em (network|internal|interna) ", told)
    assert re.search(r"está em rede( interna)? ", told)


def test_english_stays_as_it_is(english: Drawing) -> None:
    assert draw(translated(english, texts.drawn("en")), "svg") == draw(english, "svg")


def test_a_service_that_has_one_of_the_words_for_a_name_keeps_it(english: Drawing) -> None:
    guest = english.host.of("guest")[0]
    container = guest.of("container")[0]
    named = replace(container, name="outside", facts=("registry", *container.facts[1:]))
    odd = replace(english, host=replace(english.host, boxes=(replace(guest, boxes=(named,)),)))
    (box,) = translated(odd, say).host.of("guest")[0].boxes
    assert (box.name, box.facts[0]) == ("outside", "registry")


def test_no_translation_is_left_over() -> None:
    known = set(texts.catalogue(texts.WORDS / "drawings.pt_BR.po"))
    drawn = Path(__file__).parents[2] / "isolab/draw"
    source = "".join(file.read_text() for file in drawn.glob("*.py"))
    labs = {planned(lab).description for lab in STACKS}
    unused = {word for word in known - labs if word.split(" under ")[0] not in source}
    assert unused == set()
    assert labs <= known
