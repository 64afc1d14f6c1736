"""Drawings of a lab: a plan becomes a Drawing, each format is a module from Drawing to string."""

import importlib
from collections.abc import Callable
from typing import cast

from isolab.draw.drawing import Drawing

FORMATS = ("text", "mermaid", "dot", "svg", "html")
"""Each is a module of this package with a function `draw`; imported when it is asked for."""


def draw(drawing: Drawing, form: str) -> str:
    """The drawing in one of the formats."""
    module = importlib.import_module(f"isolab.draw.{form}")
    return cast(Callable[[Drawing], str], module.draw)(drawing)
