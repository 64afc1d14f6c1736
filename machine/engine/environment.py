"""What the engine finds in its environment, so that `pulumi` by hand does what ./lab does."""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from machine import paths
from machine.engine import plugins, pulumi_cli


def pulumi_environment() -> dict[str, str]:
    """The variables to set on top of the process's own."""
    return variables(os.environ, source=plugins.choice(), login=_login())


def variables(
    given: Mapping[str, str], *, source: plugins.Source | None, login: tuple[str, Path] | None
) -> dict[str, str]:
    """The variables, from the user's own, whose plugins are in use, and the user's login."""
    wanted = {
        "PATH": search_path(given.get("PATH", os.defpath), programs(source)),
        "PULUMI_HOME": str(plugins.home(source)),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }
    if "PULUMI_CREDENTIALS_PATH" not in given:
        wanted["PULUMI_CREDENTIALS_PATH"] = str(paths.pulumi_home())
    if source == "airgap":
        wanted["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    backend = given.get("PULUMI_BACKEND_URL")
    if not backend and login:
        wanted["PULUMI_BACKEND_URL"], folder = login
        wanted["PULUMI_CREDENTIALS_PATH"] = str(folder)
    elif not backend or backend == paths.state().as_uri():
        # Given too where `./lab env` or a sandbox has set it; the engine wants the folder there.
        paths.state().mkdir(parents=True, exist_ok=True, mode=0o700)
        wanted["PULUMI_BACKEND_URL"] = paths.state().as_uri()
    own = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
    if not any(name in given for name in own):
        wanted["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(_passphrase_file())
    return wanted


def programs(source: plugins.Source | None) -> tuple[Path, ...]:
    """The folders that belong first on the engine's PATH: it takes the first language host."""
    found = (plugins.language_host(source), plugins.cli(source))
    return tuple(dict.fromkeys(file.parent for file in found if file))


def search_path(given: str, first: tuple[Path, ...]) -> str:
    """PATH with our folders in front, once each, and none of another set's language host."""
    rest = [
        folder
        for folder in given.split(":")
        if Path(folder) not in first and not pulumi_cli.is_beside_host(Path(folder))
    ]
    return ":".join([*map(str, first), *rest])


def _passphrase_file() -> Path:
    """Made once; losing it makes the state's secrets unreadable."""
    file = paths.passphrase()
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f".passphrase.{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_hex(32))
        # Linking, unlike renaming, leaves a file that another process made meanwhile.
        with suppress(FileExistsError):
            os.link(partial, file)
        partial.unlink()
    return file


def _login() -> tuple[str, Path] | None:
    """The backend that the user logged in to, and the folder that holds the credentials."""
    folder = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    if folder.is_relative_to(paths.pulumi_home()):
        folder = Path.home() / ".pulumi"
    try:
        current = json.loads((folder / "credentials.json").read_text())["current"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (current, folder) if isinstance(current, str) and current else None
