"""A preview asks the engine, which has its plugins from an `up`."""

from pathlib import Path

import pytest

from isolab.cli.context import engine
from isolab.cli.errors import UNABLE, Failure
from machine.engine import plugins


def test_without_plugins_it_ends_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    monkeypatch.setenv("ISOLAB_PLUGINS", "airgap")
    with pytest.raises(Failure) as failed:
        engine.with_plugins()
    assert failed.value.exit_code == UNABLE
    assert "./lab up" in failed.value.hint
    plugins.step().act(lambda _: None)
    engine.with_plugins()
