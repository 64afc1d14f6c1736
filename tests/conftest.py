"""What all tests share: goldens, the files that outputs are compared with."""

from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says more about what else the machine does than about the code.
hypothesis.settings.register_profile("isolab", deadline=None)
hypothesis.settings.load_profile("isolab")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="write the goldens anew; read them after"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with its golden file, or writes it with --update-goldens."""

    def compare(file: Path, text: str) -> None:
        if request.config.getoption("--update-goldens"):
            file.write_text(text, encoding="utf-8")
        assert file.exists(), f"{file.name} is missing: run with --update-goldens, then read it"
        assert text == file.read_text(encoding="utf-8")

    return compare
