"""Labels: pairs in the schema, a map in Docker."""

from typing import Any

from airgap.framework import Inputs
from airgap.framework.schema import STRING, Field, List, Object

LABELS = List(
    Object({"label": Field(STRING, required=True), "value": Field(STRING, required=True)}),
    ordered=False,
)


def labels_to(inputs: Inputs) -> dict[str, str] | None:
    """The labels as Docker takes them."""
    return {pair["label"]: pair["value"] for pair in inputs.get("labels") or []} or None


def labels_of(told: dict[str, str] | None, known: Inputs) -> Any:
    """The labels as the schema has them: only those that were asked for, in the order of asking.

    An image's own labels are read back among a container's, and are nobody's change.
    """
    asked = [pair["label"] for pair in known.get("labels") or []]
    names = asked or sorted(told or {})
    return [{"label": name, "value": told[name]} for name in names if told and name in told]
