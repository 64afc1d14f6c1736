"""The one form of what `--json` prints."""

import json
from collections.abc import Mapping
from typing import Any

from isolab.visible import in_json

VERSION = 1
"""Of all documents together: keys are added, and none is renamed, as long as it stays."""


def text(content: Mapping[str, Any]) -> str:
    """A command's answer as one JSON document, its version first."""
    return in_json(json.dumps({"version": VERSION, **content}, indent=1, ensure_ascii=False))
