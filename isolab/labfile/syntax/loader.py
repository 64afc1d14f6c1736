"""YAML 1.2's plain scalars, which PyYAML alone does not know."""

# PyYAML comes without types.
# pyright: reportUnknownMemberType=false

import re

import yaml

TAG = "tag:yaml.org,2002:"
INT = re.compile(r"[-+]?(0|[1-9][0-9]*)|0o?[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")


class Octal(int):
    """A number that was written with a zero before it: whoever wants text can say so."""


def number(text: str) -> int:
    """A whole number; as in Compose, one that begins with a zero is octal."""
    if re.fullmatch(r"0[0-7]+", text):
        return Octal(text, 8)
    return int(text, 0) if text.startswith(("0o", "0x")) else int(text)


class Loader(yaml.SafeLoader):
    """YAML 1.2's plain scalars: 22:22 is no number, and yes and no are words."""

    @classmethod
    def resolves(cls, tag: str, pattern: str, first: str) -> None:
        """Plain scalars of this pattern are of this tag."""
        letters = list(first) or [""]
        cls.add_implicit_resolver(f"{TAG}{tag}", re.compile(rf"(?:{pattern})$"), letters)


Loader.yaml_implicit_resolvers = {}


Loader.resolves("null", r"~|null|Null|NULL", "~nN")
Loader.resolves("null", "", "")
Loader.resolves("bool", r"true|True|TRUE|false|False|FALSE", "tTfF")
Loader.resolves("int", INT.pattern, "-+0123456789")
Loader.resolves("float", FLOAT.pattern, "-+.0123456789")
Loader.resolves("merge", "<<", "<")
