"""Files of variables: .env beside a lab file, and a service's env_file."""

import re
from collections.abc import Iterator, Mapping

from isolab.labfile.syntax.interpolation import BadVariable, interpolate

_LINE = re.compile(
    r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?P<sign>[=:]?)[ \t]*"
)
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$$"}


class BadLine(Exception):
    """A line that sets no variable; says which, and what is wrong with it."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.hint = hint


def parse(text: str, outer: Mapping[str, str]) -> dict[str, str | None]:
    """Names to values, in their order; None where a line has a name alone.

    Values may use the outer variables, which win, and those of the lines before.
    """
    values: dict[str, str | None] = {}
    for line, name, raw, literal in _lines(text):
        if raw is None or literal:
            values[name] = raw
            continue
        known = {key: value for key, value in values.items() if value is not None}
        try:
            values[name] = interpolate(raw, {**known, **outer})
        except BadVariable as bad:
            raise BadLine(line, bad.message, bad.hint) from bad
    return values


def parse_raw(text: str) -> dict[str, str | None]:
    """`format: raw`: all that stands behind the first = is the value, as it is."""
    values: dict[str, str | None] = {}
    for line in text.removeprefix("\ufeff").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            name, sign, value = line.partition("=")
            values[name.strip()] = value if sign else None
    return values


def _lines(text: str) -> Iterator[tuple[int, str, str | None, bool]]:
    """Line, name, value as it is written, and whether dollars in it mean nothing."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    index = 0
    while index < len(text):
        line = text.count("\n", 0, index) + 1
        end = text.find("\n", index) % (len(text) + 1)
        words = text[index:end].strip()
        match = _LINE.match(text, index)
        if not words or words.startswith("#"):
            index = end + 1
        elif match is None or match.end() > end or (not match["sign"] and match.end() != end):
            raise BadLine(line, f"{words[:40]!r} given, expected NAME=value")
        elif not match["sign"]:
            yield line, match["name"], None, True
            index = end + 1
        else:
            raw, literal, index = _value(text, match.end(), end, line)
            yield line, match["name"], raw, literal


def _value(text: str, start: int, end: int, line: int) -> tuple[str, bool, int]:
    """The value, whether it is literal, and where the next line starts."""
    quote = text[start : start + 1]
    if quote not in ("'", '"'):
        bare = re.split(r"\s#", text[start:end], maxsplit=1)[0]
        return bare.strip(), False, end + 1
    match = (_SINGLE if quote == "'" else _DOUBLE).match(text, start)
    if match is None:
        raise BadLine(line, f"the quote {quote} is not closed")
    after = text.find("\n", match.end()) % (len(text) + 1)
    behind = text[match.end() : after].strip()
    if behind and not behind.startswith("#"):
        raise BadLine(
            line, f"{behind[:40]!r} after the value was not expected", "put all of it in quotes"
        )
    if quote == "'":
        return match[1], True, after + 1
    return re.sub(r"\\(.)", lambda m: _ESCAPE.get(m[1], m[0]), match[1]), False, after + 1
