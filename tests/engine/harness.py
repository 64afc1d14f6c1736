"""The real engine on one set of plugins and its language host, in a folder of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airgap.install import link_engine, write_plugin
from machine.engine import plugins, plugins_official

REPO = Path(__file__).resolve().parents[2]
ENGINE_VERSION = "3.274.1"
VERSIONS = {"libvirt": "0.5.4", "docker": "5.1.1", "command": "1.2.1"}
BOOKKEEPING = ("__meta", "__pulumi_raw_state_delta")
"""What the bridge behind the official plugins keeps for itself in outputs; in no record."""
PASSPHRASE = "only for tests"
RECORDS = Path(__file__).parent / "records"
UP = ("up", "--yes", "--skip-preview", "--non-interactive", "--stack", "test")


def record(name: str) -> Any:
    """What the official plugins did."""
    return json.loads((RECORDS / name).read_text())


def plugins_in_use() -> plugins.Source:
    """The set that tests run on: what ISOLAB_PLUGINS says, else what this checkout uses."""
    return plugins.choice() or "airgap"


def engine() -> Path | None:
    """The Pulumi CLI: named by ISOLAB_ENGINE, cached in the cache, or on PATH."""
    if named := os.environ.get("ISOLAB_ENGINE"):
        return Path(named)
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    cache = Path(os.environ.get("ISOLAB_CACHE", home / "isolab"))
    cached = cache / "engine" / f"v{ENGINE_VERSION}" / "pulumi"
    if cached.exists():
        return cached
    on_path = shutil.which("pulumi")
    return Path(on_path) if on_path else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a command of the engine said."""

    code: int
    output: str
    errors: str

    @property
    def text(self) -> str:
        """All of it, for the message of a failed test."""
        return f"{self.output}\n{self.errors}"


class Bench:
    """A program, its stack `test`, and a Pulumi home with the plugins, in one folder."""

    def __init__(
        self,
        folder: Path,
        program: str,
        names: Sequence[str],
        source: plugins.Source | None = None,
        *,
        project: str = "bench",
    ) -> None:
        self.folder = folder
        self._names = names
        self._project = folder / "project"
        self._project.mkdir(parents=True)
        (folder / "state").mkdir()
        (self._project / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
        (self._project / "__main__.py").write_text(program)
        shutil.copy(Path(__file__).with_name("resource_options.py"), self._project)
        self.scenario({})
        self.use(source or plugins_in_use())
        self.must("stack", "init", "test", "--non-interactive")

    def use(self, source: plugins.Source) -> None:
        """From now on the same program and state, on this set of plugins."""
        self.source: plugins.Source = source
        self._home = self.folder / f"home-{source}"
        self._cli, host = self._official() if source == "official" else self._airgap()
        self.environment = {
            **os.environ,
            # The official language host runs programs with the Python that it finds there.
            "PATH": f"{host}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PULUMI_HOME": str(self._home),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def _airgap(self) -> tuple[Path, Path]:
        """The CLI and the folder of isolab's own language host; the plugins stand in the home."""
        cli = engine()
        assert cli is not None, "no Pulumi CLI: name one in ISOLAB_ENGINE"
        python = Path(sys.executable)
        host = write_plugin("python", "", python, self.folder / "plugins")
        for name in self._names:
            write_plugin(name, VERSIONS[name], python, self._home / "plugins")
        return link_engine(cli, host), host

    def _official(self) -> tuple[Path, Path]:
        """The same of the official set, which is downloaded for no test."""
        missing = plugins.missing("official")
        assert not missing, f"the official plugins are not on this machine: {missing}"
        cli, host = plugins.cli("official"), plugins.language_host("official")
        assert cli and host
        self._home.mkdir(exist_ok=True)
        if not (self._home / "plugins").exists():
            (self._home / "plugins").symlink_to(plugins_official.folder())
        return cli, host.parent

    def scenario(self, values: Mapping[str, Any]) -> None:
        """What the program reads from scenario.json at its next run."""
        (self._project / "scenario.json").write_text(json.dumps(values))

    def place(self, values: Mapping[str, Any]) -> None:
        """What the program reads from place.json: what is this machine's alone."""
        (self._project / "place.json").write_text(json.dumps(values))

    def run(self, *arguments: str) -> Outcome:
        """A command of the engine."""
        done = subprocess.run(
            [str(self._cli), *arguments],
            cwd=self._project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Outcome(code=done.returncode, output=done.stdout, errors=done.stderr)

    def must(self, *arguments: str) -> Outcome:
        """A command that has to succeed."""
        done = self.run(*arguments)
        assert done.code == 0, done.text
        return done

    def up(self) -> Outcome:
        """An up that has to succeed."""
        return self.must(*UP)

    def failing_up(self) -> str:
        """What is said by an up that has to fail."""
        done = self.run(*UP)
        assert done.code != 0, done.text
        if self.source == "airgap":  # the official language host shows the runtime's frames
            assert "Traceback" not in done.text
        return done.output

    def interrupted_up(
        self, reached: Callable[[], bool], number: int = signal.SIGINT
    ) -> tuple[Outcome, float]:
        """An up whose engine gets a signal once a point is reached; and how long it then took."""
        with subprocess.Popen(
            [str(self._cli), *UP],
            cwd=self._project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as engine:
            deadline = time.monotonic() + 60
            while not reached():
                assert engine.poll() is None, engine.communicate()
                assert time.monotonic() < deadline, "the point was never reached"
                time.sleep(0.02)
            engine.send_signal(number)
            began = time.monotonic()
            output, errors = engine.communicate(timeout=120)
        return Outcome(code=engine.returncode, output=output, errors=errors), (
            time.monotonic() - began
        )

    def refresh(self) -> Outcome:
        """A refresh that has to succeed."""
        return self.must("refresh", "--yes", "--skip-preview", "--non-interactive", "-s", "test")

    def keeps_secret(self, first: str, second: str, **scenario: Any) -> None:
        """Two values of `secret` in the scenario, one after the other, are shown nowhere."""
        for value in (first, second):
            self.scenario({"secret": value, **scenario})
            said = self.must("preview", "--diff", "--non-interactive", "--stack", "test").text
            said += self.up().text
            self.refresh()
            assert self.preview() == []
            said += self.must("stack", "export", "--stack", "test").output
            assert first not in said and second not in said
        self.scenario({})
        self.up()

    def forget(self) -> None:
        """The stack's state knows of nothing any more; what it made stays."""
        self.must("stack", "rm", "--yes", "--force", "--preserve-config", "--stack", "test")
        self.must("stack", "init", "test", "--non-interactive")

    def destroy(self) -> Outcome:
        """A destroy that has to succeed."""
        return self.must("destroy", "--yes", "--skip-preview", "--non-interactive", "-s", "test")

    def preview(self) -> list[dict[str, Any]]:
        """The steps that an up would take, in the form of the records."""
        done = self.must("preview", "--json", "--non-interactive", "--stack", "test")
        steps = json.loads(done.output)["steps"]
        return [_step(each) for each in steps if _counts(each)]

    def replay(self, change: Mapping[str, Any]) -> None:
        """Holds the preview of one recorded change against the record."""
        self.scenario(change["change"])
        try:
            told = self.preview()
            assert told == change["steps"], told
        finally:
            self.scenario({})

    def resources(self) -> dict[str, dict[str, Any]]:
        """The stack's resources by their name in the program."""
        done = self.must("stack", "export", "--stack", "test")
        deployment = json.loads(done.output)["deployment"]
        resources = deployment.get("resources", [])
        for each in resources:
            for name in BOOKKEEPING:
                each.get("outputs", {}).pop(name, None)
        return {each["urn"].rsplit("::", 1)[-1]: each for each in resources}


def _counts(step: Mapping[str, Any]) -> bool:
    hidden = ("same", "create-replacement", "delete-replaced")
    return step["op"] not in hidden and "pulumi:pulumi:Stack" not in step["urn"]


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    state = step.get("newState") or step["oldState"]
    return {
        "type": state["type"],
        "name": step["urn"].rsplit("::", 1)[-1],
        "op": step["op"],
        "diffReasons": step.get("diffReasons"),
        "replaceReasons": step.get("replaceReasons"),
        "detailedDiff": step.get("detailedDiff"),
    }
