"""What commands have in common, wherever they run."""

import secrets
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airgap.command.ssh import Connections
from airgap.framework import UNKNOWN, Context, Created, Failure, Inputs, Report, ResourceType, State
from airgap.framework.schema import ANY, BOOLEAN, STRING, Field, List, Map

FIELDS = {
    "create": Field(STRING),
    "update": Field(STRING),
    "delete": Field(STRING),
    "stdin": Field(STRING),
    "environment": Field(Map(STRING)),
    "triggers": Field(List(ANY), replaces=True),
    "addPreviousOutputInEnv": Field(BOOLEAN),
    "logging": Field(STRING),
}
INSTEAD = {
    "archivePaths": "a create that prints what the program needs",
    "assetPaths": "a create that prints what the program needs",
}
_LOGGED = {
    "stdout": {"stdout"},
    "stderr": {"stderr"},
    "stdoutAndStderr": {"stdout", "stderr"},
    "none": set[str](),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One command as it is to be run."""

    command: str
    stdin: str
    environment: Mapping[str, str]
    """What the user wants the command to see."""
    previous: Mapping[str, str]
    """The output of the run before, for commands that build on it."""
    logged: Callable[[str, str], None]
    """Takes the stream's name and a line of it while the command runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a command ended."""

    stdout: str
    stderr: str
    failure: str
    """Empty where it succeeded, else how it ended: `exit status 7`."""


class Command(ResourceType[Connections]):
    """A command for each of the resource's beginning, change and end."""

    computed = ("stdout", "stderr")
    delete_first = False

    @abstractmethod
    def run(self, context: Context[Connections], inputs: Inputs, task: Task) -> Outcome:
        """Runs it and waits for its end."""

    def problems(self, inputs: Inputs) -> list[tuple[str, str]]:
        logging = inputs.get("logging")
        if isinstance(logging, str) and logging not in _LOGGED:
            return [("logging", f"is {logging}, expected one of {', '.join(_LOGGED)}")]
        return []

    def create(self, context: Context[Connections], inputs: Inputs) -> Created:
        outputs = self._run(context, inputs, inputs.get("create", ""), {})
        return Created(context.name + secrets.token_hex(4), {**inputs, **outputs})

    def read(self, context: Context[Connections], id: str, state: State) -> State:
        if not state:
            raise Failure("a command cannot be imported: nothing is left of it to be read")
        return state

    def preview_update(self, state: State, inputs: Inputs) -> State:
        return {**inputs, "stdout": UNKNOWN, "stderr": UNKNOWN}

    def update(self, context: Context[Connections], id: str, state: State, inputs: Inputs) -> State:
        command = inputs.get("update") or inputs.get("create", "")
        return {**inputs, **self._run(context, inputs, command, state)}

    def delete(self, context: Context[Connections], id: str, state: State) -> None:
        self._run(context, state, state.get("delete", ""), state)

    def _run(
        self, context: Context[Connections], inputs: Inputs, command: str, before: State
    ) -> dict[str, Any]:
        if not command:
            return {"stdout": "", "stderr": ""}
        logged = _LOGGED[inputs.get("logging", "stdoutAndStderr")]
        previous: dict[str, str] = {}
        if before and inputs.get("addPreviousOutputInEnv", True):
            previous["PULUMI_COMMAND_STDOUT"] = before.get("stdout", "")
            previous["PULUMI_COMMAND_STDERR"] = before.get("stderr", "")
        task = Task(
            command=command,
            stdin=inputs.get("stdin", ""),
            environment=inputs.get("environment", {}),
            previous=previous,
            logged=lambda stream, line: context.say(line) if stream in logged else None,
        )
        outcome = self.run(context, inputs, task)
        if outcome.failure:
            printed = (text for text in (outcome.stdout, outcome.stderr) if text)
            quoted = command if len(command) < 100 else f"{command[:97].rstrip()}..."
            raise Report("\n".join([f'{outcome.failure}: running "{quoted}":', *printed]))
        return {"stdout": outcome.stdout, "stderr": outcome.stderr}


def text(output: bytes) -> str:
    """What a command printed, without the last newline."""
    return output.decode(errors="replace").removesuffix("\n")
