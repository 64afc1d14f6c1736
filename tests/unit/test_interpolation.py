"""Variables in lab files, as Compose fills them in."""

import pytest

from isolab.labfile.syntax.interpolation import BadVariable, interpolate

SET = {"NAME": "web", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("$NAME-${NAME}", "web-web"),
        ("$$NAME", "$NAME"),
        ("${NAME:-other}", "web"),
        ("${EMPTY:-other}", "other"),
        ("${EMPTY-other}", ""),
        ("${NONE-other}", "other"),
        ("${NONE:-}", ""),
        ("${NONE:-${NAME}-${ALSO_NONE:-x}}", "web-x"),
        ("${NAME:-${NONE}}", "web"),
        ("${NAME:+yes}", "yes"),
        ("${EMPTY:+yes}", ""),
        ("${EMPTY+yes}", "yes"),
        ("${NONE+${ALSO_NONE}}", ""),
        ("${NAME:?must be set}", "web"),
        ("}{", "}{"),
        ("$1 $(id) $2a$14 5$", "$1 $(id) $2a$14 5$"),
    ],
)
def test_variables_are_filled_in(text: str, filled: str) -> None:
    assert interpolate(text, SET) == filled


@pytest.mark.parametrize(
    "text",
    ["$NONE", "${NONE}", "${NONE:?why}", "${EMPTY:?why}", "${}", "${1}", "${NAME", "${NAME:-x"],
)
def test_what_is_not_set_or_no_variable_is_an_error(text: str) -> None:
    with pytest.raises(BadVariable):
        interpolate(text, SET)
