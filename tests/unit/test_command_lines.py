"""Command lines are split as Compose splits them."""

import pytest

from isolab.labfile.values.words import split

LINES = {
    "serve --port 8000": ["serve", "--port", "8000"],
    "sh -c 'a; b' \"c d\" ''": ["sh", "-c", "a; b", "c d", ""],
    r"""a\ b "c\nd" 'e\f' \;""": ["a b", "cnd", r"e\f", ";"],
    "a # b": ["a", "#", "b"],
    "echo $(a b) `c d` {e,f}": ["echo", "$(a b)", "`c d`", "{e,f}"],
    "it''s  \n a=b": ["its", "a=b"],
    "": [],
}
CUT = {
    "a b; c": (["a", "b"], "; c"),
    "a && b": (["a"], "&& b"),
    "a b|c": (["a", "b"], "|c"),
    "a 2>&1": (["a"], ">&1"),
    "a b2>c": (["a", "b2"], ">c"),
    "'a;';": (["a;"], ";"),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_becomes_words(line: str) -> None:
    assert split(line) == (tuple(LINES[line]), "")


@pytest.mark.parametrize("line", CUT)
def test_nothing_is_read_behind_what_only_a_shell_takes(line: str) -> None:
    words, rest = CUT[line]
    assert split(line) == (tuple(words), rest)


@pytest.mark.parametrize("line", ["a 'b", 'a "b', "a (b)", "a )", "a $(b", "a `b", "a\\"])
def test_a_line_that_compose_refuses_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        split(line)
