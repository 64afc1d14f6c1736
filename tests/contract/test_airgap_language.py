"""What the language host promises: the engine's calls answered, no program left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from airgap.install import write_plugin
from airgap.language.execute import _frames_of_the_user
from airgap.language.interpreter import choose, required_plugins

NOWHERE = "127.0.0.1:1"
"""An engine that is asked nothing."""


class LanguageHost:
    """A language host as the engine starts it."""

    def __init__(self, folder: Path) -> None:
        made = write_plugin("python", "", Path(sys.executable), folder)
        self.process = subprocess.Popen(
            [made / "pulumi-language-python", NOWHERE],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        port = int(self.process.stdout.readline())
        self.calls = language_pb2_grpc.LanguageRuntimeStub(
            grpc.insecure_channel(f"127.0.0.1:{port}")
        )

    def end(self, number: int = signal.SIGINT) -> tuple[float, str, str]:
        """Seconds that it took to end, and what it said."""
        began = time.monotonic()
        self.process.send_signal(number)
        said, complained = self.process.communicate(timeout=10)
        return time.monotonic() - began, said, complained


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LanguageHost]:
    started = LanguageHost(tmp_path / "plugins")
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGKILL)


def info(folder: Path, **options: str) -> language_pb2.ProgramInfo:
    settings = struct_pb2.Struct()
    settings.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(folder), program_directory=str(folder), entry_point=".", options=settings
    )


def run_request(folder: Path, **options: str) -> language_pb2.RunRequest:
    return language_pb2.RunRequest(
        project="p", stack="s", pwd=str(folder), monitor_address=NOWHERE, parallel=4,
        info=info(folder, **options),
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_in_silence(host: LanguageHost, number: int) -> None:
    host.calls.GetPluginInfo(language_pb2.google_dot_protobuf_dot_empty__pb2.Empty())
    took, said, complained = host.end(number)
    assert took < 1
    assert (said, complained) == ("", "")


def test_a_program_ends_with_its_host(host: LanguageHost, tmp_path: Path) -> None:
    # The SDK speaks to the engine before the program runs: its interpreter is what there is to end.
    (tmp_path / "python").mkdir()
    waiting = tmp_path / "waiting"
    environment = tmp_path / "env" / "bin"
    environment.mkdir(parents=True)
    stand_in = environment / "python"
    stand_in.write_text(f"#!/bin/sh\necho $$ > {waiting}\nexec sleep 60\n")
    stand_in.chmod(0o755)
    answer = host.calls.Run.future(run_request(tmp_path, virtualenv="env"))
    while not waiting.exists() or not waiting.read_text().strip():
        time.sleep(0.02)
    program = int(waiting.read_text())
    took, _, complained = host.end()
    assert took < 1.5
    assert complained == ""
    for _ in range(50):
        if not Path(f"/proc/{program}").exists():
            break
        time.sleep(0.02)
    else:
        os.kill(program, signal.SIGKILL)
        pytest.fail("the program outlived its host")
    answer.cancel()


def test_a_virtualenv_that_is_not_there_is_named(host: LanguageHost, tmp_path: Path) -> None:
    answer = host.calls.Run(run_request(tmp_path, virtualenv="absent"))
    assert "the virtualenv absent" in answer.error
    assert "python3 -m venv" in answer.error


def plugin_request(folder: Path, *words: str, **options: str) -> language_pb2.RunPluginRequest:
    (folder / "venv" / "bin").mkdir(parents=True)
    (folder / "venv" / "bin" / "python").symlink_to(sys.executable)
    return language_pb2.RunPluginRequest(
        pwd=str(folder.parent), args=words, kind="resource", info=info(folder),
        env=["WORD=first", "WORD=a=b", f"PATH={os.environ['PATH']}"],
    )  # fmt: skip


PLUGIN = """
import os, sys
print(os.getcwd(), sys.argv[1:], os.environ["WORD"])
print("complaint", file=sys.stderr)
sys.exit(3)
"""


def test_a_plugin_runs_where_the_engine_says(host: LanguageHost, tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "__main__.py").write_text(PLUGIN)
    answers = list(host.calls.RunPlugin(plugin_request(folder, "127.0.0.1:1")))
    said = {kind: b"" for kind in ("stdout", "stderr")}
    for answer in answers[:-1]:
        kind = answer.WhichOneof("output")
        said[kind] += getattr(answer, kind)
    assert said["stdout"].decode() == f"{tmp_path} ['127.0.0.1:1'] a=b\n"
    assert said["stderr"] == b"complaint\n"
    assert answers[-1].exitcode == 3


@pytest.mark.parametrize("by", ["the call", "the host"])
def test_a_plugin_ends_with(host: LanguageHost, tmp_path: Path, by: str) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "__main__.py").write_text("import os, time\nprint(os.getpid())\ntime.sleep(60)\n")
    answers = host.calls.RunPlugin(plugin_request(folder))
    plugin = int(next(answers).stdout)
    if by == "the call":
        answers.cancel()
    else:
        host.end()
    for _ in range(50):
        if not Path(f"/proc/{plugin}/cmdline").exists() or not is_running(plugin):
            break
        time.sleep(0.02)
    else:
        os.kill(plugin, signal.SIGKILL)
        pytest.fail("the plugin outlived its call")


def is_running(process: int) -> bool:
    """Not one that has ended and that nobody asked for yet."""
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_a_plugin_of_another_kind_is_refused(host: LanguageHost, tmp_path: Path) -> None:
    request = language_pb2.RunPluginRequest(kind="analyzer", info=info(tmp_path))
    with pytest.raises(grpc.RpcError) as refused:
        next(host.calls.RunPlugin(request))
    assert "runs resource plugins" in refused.value.details()


def test_what_a_plugin_needs_is_installed_beside_it(host: LanguageHost, tmp_path: Path) -> None:
    folder = tmp_path / "venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").write_text('#!/bin/sh\necho asked for "$@"\n')
    (folder / "python").chmod(0o755)
    (tmp_path / "requirements.txt").write_text("pulumi\n")
    request = language_pb2.InstallDependenciesRequest(
        directory=str(tmp_path), info=info(tmp_path), is_plugin=True
    )
    said = b"".join(answer.stdout for answer in host.calls.InstallDependencies(request))
    assert said.decode() == f"asked for -m pip install -r {tmp_path}/requirements.txt\n"


def test_about_names_the_interpreter(host: LanguageHost, tmp_path: Path) -> None:
    answer = host.calls.About(language_pb2.AboutRequest(info=info(tmp_path)))
    assert answer.executable == sys.executable


def test_dependencies_are_those_installed(host: LanguageHost, tmp_path: Path) -> None:
    request = language_pb2.GetProgramDependenciesRequest(info=info(tmp_path))
    found = {each.name for each in host.calls.GetProgramDependencies(request).dependencies}
    assert {"pulumi", "grpcio"} <= found


def test_only_plugins_that_the_requirements_name_are_required(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r more.txt\npulumi-docker==5.1.1  # services\n")
    (tmp_path / "more.txt").write_text("pulumi_command>=1\n")
    found = required_plugins(choose(tmp_path, ""), tmp_path)
    assert sorted((each.name, each.version) for each in found) == [
        ("command", "1.2.1"),
        ("docker", "5.1.1"),
    ]


def test_a_traceback_has_the_frames_of_the_program_alone(tmp_path: Path) -> None:
    program = tmp_path / "__main__.py"
    program.write_text("def fail():\n    return 1 / 0\n")
    names: dict[str, object] = {}
    exec(compile(program.read_text(), str(program), "exec"), names)
    try:
        names["fail"]()  # type: ignore[operator]
    except ZeroDivisionError as error:
        text = "".join(_frames_of_the_user(error, str(tmp_path)))
    assert text.splitlines()[:2] == [
        "Traceback (most recent call last):",
        f'  File "{program}", line 2, in fail',
    ]
    assert __file__ not in text
    assert text.endswith("ZeroDivisionError: division by zero\n")


def test_a_package_is_linked_once_and_its_folder_named_for_pip(
    host: LanguageHost, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("pulumi>=3\n")
    request = language_pb2.LinkRequest(
        info=info(tmp_path),
        packages=[
            language_pb2.LinkRequest.LinkDependency(
                package=plugin_pb2.PackageDependency(name="isolab", version="0.1.0"),
                path=str(tmp_path / "sdks" / "isolab"),
            )
        ],
    )
    for _ in range(2):
        said = host.calls.Link(request).import_instructions
        assert "import pulumi_isolab" in said
    assert (tmp_path / "requirements.txt").read_text() == "pulumi>=3\nsdks/isolab\n"


def test_an_sdk_is_made_for_components_alone(host: LanguageHost, tmp_path: Path) -> None:
    component = {"resources": {"shop:index:Shop": {"isComponent": True}}, "name": "shop"}
    folder = tmp_path / "sdks" / "shop"
    request = language_pb2.GeneratePackageRequest(
        directory=str(folder), schema=json.dumps(component), extra_files={"more/a": b"b"}
    )
    host.calls.GeneratePackage(request)
    assert "class Shop" in (folder / "pulumi_shop" / "__init__.py").read_text()
    assert (folder / "more" / "a").read_bytes() == b"b"
    request.schema = json.dumps({"name": "shop", "resources": {"shop:index:Shop": {}}})
    with pytest.raises(grpc.RpcError, match="makes SDKs of components; shop has shop:index:Shop"):
        host.calls.GeneratePackage(request)
