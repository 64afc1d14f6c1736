"""What a claim measured, as bars: lines for a terminal, SVG for a page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from isolab.lessons.model import Claim

WIDEST = 40
"""Characters of the longest bar on a terminal."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_ROW, _BAR, _LABEL, _FIGURE = 26, 280, 160, 80
"""Height of a bar's row, and the widths of bar, label and figure, in pixels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One bar, as it is drawn."""

    label: str
    share: float
    """Of the longest bar."""
    figure: str
    """The number and its unit."""


def figures(claim: Claim, variables: Mapping[str, str]) -> dict[str, float]:
    """Those that the claim plots, of what its steps have recorded; a word is no figure."""
    wanted = [bar.figure for bar in claim.plot.bars] if claim.plot else []
    return {name: float(variables[name]) for name in wanted if _is_number(variables.get(name, ""))}


def bars(claim: Claim, figures: Mapping[str, float]) -> tuple[Measured, ...]:
    """The claim's bars; none where one was not measured, for a plot of a part misleads."""
    if not claim.plot or any(bar.figure not in figures for bar in claim.plot.bars):
        return ()
    most = max(figures.values())
    return tuple(
        Measured(
            label=bar.label,
            share=figures[bar.figure] / most if most > 0 else 0,
            figure=f"{_readable(figures[bar.figure])} {claim.plot.unit}",
        )
        for bar in claim.plot.bars
    )


def _readable(figure: float) -> str:
    """Three digits that count; from a thousand on all those before the point, and no exponent."""
    return f"{figure:.0f}" if figure >= 1000 else f"{figure:.3g}"


def lines(measured: Sequence[Measured]) -> list[str]:
    """A line a bar."""
    label = max((len(bar.label) for bar in measured), default=0)
    return [f"{bar.label:<{label}}  {_blocks(bar.share)} {bar.figure}" for bar in measured]


def svg(measured: Sequence[Measured]) -> str:
    """A picture for a page, which gives its colours; empty where nothing was measured."""
    if not measured:
        return ""
    width, height = _LABEL + _BAR + _FIGURE, _ROW * len(measured)
    said = escape("; ".join(f"{bar.label}: {bar.figure}" for bar in measured), quote=True)
    rows = "".join(_row(bar, _ROW * number) for number, bar in enumerate(measured))
    return (
        f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" aria-label="{said}">'
        f"{rows}</svg>"
    )


def _row(bar: Measured, top: int) -> str:
    length = max(1.0, bar.share * _BAR)
    low = top + _ROW * 0.7
    return (
        f'<text x="0" y="{low:.1f}">{escape(bar.label)}</text>'
        f'<rect x="{_LABEL}" y="{top + 4}" width="{length:.1f}" height="{_ROW - 8}" rx="2"/>'
        f'<text x="{_LABEL + length + 8:.1f}" y="{low:.1f}">{escape(bar.figure)}</text>'
    )


def _blocks(share: float) -> str:
    """A bar of that share of the widest, to an eighth of a character."""
    eighths = max(1, round(share * WIDEST * 8))
    return _EIGHTHS[8] * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _is_number(text: str) -> bool:
    try:
        return 0 <= float(text) < math.inf
    except ValueError:
        return False
