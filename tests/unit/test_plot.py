"""A plot shows what was measured, all of it or nothing."""

import pytest

from isolab.lessons import plot, read, texts
from isolab.lessons.model import Claim

(LESSON,) = (lesson for lesson in read.catalogue() if lesson.id == "density")
CLAIM = LESSON.claims[0]
MEASURED = {"guest_seconds": "20", "container_seconds": "2.5", "other": "7"}


def test_bars_are_as_long_as_their_figures() -> None:
    guest, container = plot.lines(plot.bars(CLAIM, plot.figures(CLAIM, MEASURED)))
    assert guest == f"one more guest      {'█' * 40} 20 s"
    assert container == f"one more container  {'█' * 5} 2.5 s"


def test_a_large_figure_has_no_exponent() -> None:
    found = plot.figures(CLAIM, MEASURED | {"guest_seconds": "1108.4"})
    assert plot.lines(plot.bars(CLAIM, found))[0].endswith(" 1108 s")


@pytest.mark.parametrize("lost", ["", "no answer", "-1", "inf", "nan"])
def test_a_figure_that_is_none_leaves_no_plot(lost: str) -> None:
    found = plot.figures(CLAIM, MEASURED | {"guest_seconds": lost})
    assert plot.bars(CLAIM, found) == ()
    assert plot.svg(()) == ""
    assert plot.lines(()) == []


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_page_has_label_and_figure_of_each_bar(language: str) -> None:
    claim = texts.translated(LESSON, language).claims[0]
    drawn = plot.svg(plot.bars(claim, plot.figures(claim, MEASURED)))
    assert claim.plot
    assert all(f">{bar.label}<" in drawn for bar in claim.plot.bars)
    assert 'width="280.0"' in drawn and 'width="35.0"' in drawn
    assert ">20 s<" in drawn and ">2.5 s<" in drawn


@pytest.mark.parametrize("claim", [c for x in read.catalogue() for c in x.claims if c.plot])
def test_what_is_plotted_is_what_a_step_keeps(claim: Claim) -> None:
    steps = (*claim.before, *claim.control, *claim.check)
    assert claim.plot
    assert {bar.figure for bar in claim.plot.bars} <= {step.keep for step in steps}
