"""Text from a lab file, a guest or a program as something to look at: it commands no terminal."""

import re

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, ends of lines, changes of direction, halves of characters."""


def visible(text: str, keep: str = "") -> str:
    r"""The text, with the number of each character that cannot be seen: \x1b.

    Args:
        text: From wherever.
        keep: Characters that stay as they are: the ends of a text's own lines.
    """

    def number(found: re.Match[str]) -> str:
        character = found[0]
        code = ord(character)
        form = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
        return character if character in keep else form

    return _UNSEEN.sub(number, text)


def in_json(document: str) -> str:
    """A JSON document that means the same, with the number of each such character in it."""
    lines = (_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", x) for x in document.split("\n"))
    return "\n".join(lines)
