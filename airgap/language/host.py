"""The engine's calls to a language host, answered for Python."""

import json
import os
import subprocess
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from airgap.language import plugin_run, sdk
from airgap.language.interpreter import (
    Interpreter,
    NoInterpreter,
    choose,
    installed,
    python_version,
    required_plugins,
)

_EXECUTE = Path(__file__).with_name("execute.py")
TOLD = 32
"""The exit code of a program whose failure the user has read already."""


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs one program at a time, in a process of its own."""

    def __init__(self, ended: threading.Event) -> None:
        self._engine = ""
        self._ended = ended

    def Handshake(self, request: Any, context: Any) -> Any:
        self._engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def Cancel(self, request: Any, context: Any) -> Any:
        self._ended.set()
        return empty_pb2.Empty()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        interpreter = _interpreter(request.info, context)
        plugins = required_plugins(interpreter, Path(request.info.program_directory))
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(
                    name=each.name,
                    kind="resource",
                    version=f"v{each.version}",
                    server=each.server,
                )
                for each in plugins
            ]
        )

    def About(self, request: Any, context: Any) -> Any:
        interpreter = _interpreter(request.info, context)
        return language_pb2.AboutResponse(
            executable=str(interpreter.python), version=python_version(interpreter)
        )

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=number)
                for name, number in installed(_interpreter(request.info, context))
            ]
        )

    def InstallDependencies(self, request: Any, context: Any) -> Any:
        root = Path(request.info.root_directory or request.directory)
        requirements = Path(request.directory) / "requirements.txt"
        # What a plugin needs never goes into the host's own environment.
        default = "venv" if request.is_plugin else ""
        environment = _option(request.info, "virtualenv") or default
        commands: list[list[str]] = []
        python = root / environment / "bin" / "python" if environment else Path(sys.executable)
        if not python.exists():
            commands.append([sys.executable, "-m", "venv", str(root / environment)])
        if requirements.is_file():
            commands.append([str(python), "-m", "pip", "install", "-r", str(requirements)])
        for command in commands:
            with subprocess.Popen(
                command, cwd=request.directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            ) as process:
                assert process.stdout
                for line in process.stdout:
                    yield language_pb2.InstallDependenciesResponse(stdout=line)
            if process.returncode:
                text = f"«{' '.join(command)}» failed with exit code {process.returncode}"
                context.abort(grpc.StatusCode.UNKNOWN, text)

    def RunPlugin(self, request: Any, context: Any) -> Any:
        if request.kind not in ("", "resource"):
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"isolab's language host runs resource plugins, and no {request.kind}: "
                "use the official one",
            )
        interpreter = _interpreter(request.info, context, default="venv")
        given_up = threading.Event()
        # The engine ends a plugin by giving up the call.
        context.add_callback(given_up.set)
        yield from plugin_run.run(
            request, interpreter, lambda: given_up.is_set() or self._ended.is_set()
        )

    def GeneratePackage(self, request: Any, context: Any) -> Any:
        folder = Path(request.directory)
        try:
            sdk.write(request.schema, folder)
        except sdk.NoSdk as problem:
            return context.abort(grpc.StatusCode.UNIMPLEMENTED, str(problem))
        for name, content in request.extra_files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return language_pb2.GeneratePackageResponse()

    def Link(self, request: Any, context: Any) -> Any:
        program = Path(request.info.program_directory)
        requirements = program / "requirements.txt"
        lines = requirements.read_text().splitlines() if requirements.is_file() else []
        modules: list[str] = []
        for each in request.packages:
            path = os.path.relpath(Path(request.info.root_directory, each.path), program)
            lines += [path] if path not in lines else []
            modules.append(sdk.module_name(each.package.name))
        requirements.write_text("".join(f"{line}\n" for line in lines))
        imports = "\n".join(f"  import {module}" for module in modules)
        return language_pb2.LinkResponse(
            import_instructions=f"You can import the SDK in your Python code with:\n\n{imports}\n"
        )

    def Run(self, request: Any, context: Any) -> Any:
        try:
            root, option = (
                Path(request.info.root_directory),
                _option(request.info, "virtualenv"),
            )
            interpreter = choose(root, option)
        except NoInterpreter as problem:
            return language_pb2.RunResponse(error=str(problem))
        code = self._run(interpreter, self._task(request), context)
        if code == 0:
            return language_pb2.RunResponse()
        if code == TOLD or self._ended.is_set():
            return language_pb2.RunResponse(bail=True)
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return language_pb2.RunResponse(error=f"the program {how}")

    def _task(self, request: Any) -> dict[str, Any]:
        info = request.info
        return {
            "program": os.path.join(info.program_directory, info.entry_point or "."),
            "folder": request.pwd or info.program_directory,
            "arguments": list(request.args),
            "config": dict(request.config),
            "secrets": list(request.configSecretKeys),
            "settings": {
                "project": request.project,
                "stack": request.stack,
                "organization": request.organization,
                "monitor": request.monitor_address,
                "engine": self._engine,
                "parallel": request.parallel,
                "dry_run": request.dryRun,
                "root_directory": info.root_directory,
            },
        }

    def _run(self, interpreter: Interpreter, task: dict[str, Any], context: Any) -> int:
        """Runs the program; what it prints goes where the host's own output goes: to the engine."""
        environment = dict(os.environ)
        if interpreter.virtualenv is not None:
            binaries = str(interpreter.virtualenv / "bin")
            environment["VIRTUAL_ENV"] = str(interpreter.virtualenv)
            environment["PATH"] = os.pathsep.join([binaries, environment.get("PATH", "")])
        command = [str(interpreter.python), "-u", str(_EXECUTE)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
        # The config holds secrets: they go through a pipe, where nobody can list them.
        finished = threading.Event()
        threading.Thread(target=self._end, args=(process, finished), daemon=True).start()
        context.add_callback(finished.set)
        try:
            process.communicate(json.dumps(task).encode())
        finally:
            finished.set()
        return process.returncode

    def _end(self, process: "subprocess.Popen[bytes]", finished: threading.Event) -> None:
        """Ends the program when the host ends, or when the engine wants its answer no more."""
        while not finished.wait(0.05) and not self._ended.is_set():
            pass
        if process.poll() is None:
            process.terminate()


def _option(info: Any, name: str) -> str:
    value = info.options.fields.get(name)
    return value.string_value if value is not None else ""


def _interpreter(info: Any, context: Any, default: str = "") -> Interpreter:
    try:
        return choose(Path(info.root_directory), _option(info, "virtualenv") or default)
    except NoInterpreter as problem:
        return context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(problem))
