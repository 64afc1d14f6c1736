"""What a plugin's author writes: resource types, and what they are given."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from airgap.framework.diff import Change, drifted
from airgap.framework.ending import Ending
from airgap.framework.schema import Object, Problem
from airgap.framework.values import UNKNOWN

Inputs = Mapping[str, Any]
State = dict[str, Any]
Client = TypeVar("Client")


class Failure(Exception):
    """What a user reads when an operation failed: one line, what happened and what to do."""


class Lost(Failure):
    """The connection broke: whether the operation happened is not known."""


class Report(Failure):
    """A failure whose text has lines that tell more than one would: what a command printed."""


class HalfDone(Failure):
    """An operation failed after the resource came to exist: it stays in the state, to be mended."""

    def __init__(self, id: str, state: State, reason: str) -> None:
        super().__init__(reason)
        self.id = id
        self.state = state


@dataclass(frozen=True, slots=True)
class Created:
    """A resource that exists now."""

    id: str
    state: State


@dataclass(frozen=True, kw_only=True, slots=True)
class Context(Generic[Client]):
    """What an operation works with."""

    connect: Callable[[], Client]
    config: Mapping[str, Any]
    """The provider's own inputs."""
    urn: str
    name: str
    """The resource's name in the program."""
    ending: Ending
    """Set when the user wants everything to end now, or when the time of the operation is over."""
    say: Callable[[str], None] = field(default=lambda _: None)
    """Shows a word beside the resource while it is worked on."""
    making: Callable[[], None] = field(default=lambda: None)
    """To be called in a create once it is sure that nothing of the name exists; see `leftover`."""

    @property
    def client(self) -> Client:
        """The connection, made at first use and shared by all operations of a provider."""
        return self.connect()


class ResourceType(ABC, Generic[Client]):
    """One kind of resource: its inputs, and how it comes, changes and goes."""

    token: ClassVar[str]
    inputs: ClassVar[Object]
    computed: ClassVar[tuple[str, ...]] = ()
    """Outputs that are known only once the resource exists."""
    unfilled: ClassVar[tuple[str, ...]] = ()
    """Outputs of the official plugin that are always empty here."""
    delete_first: ClassVar[bool] = True
    """Whether a replaced resource goes before its successor comes, as where names would clash."""
    secret_outputs: ClassVar[tuple[str, ...]] = ()
    """Outputs that are secret as soon as any input is."""

    def problems(self, inputs: Inputs) -> Iterable[Problem]:
        """What the schema cannot say; values may be UNKNOWN."""
        return ()

    def preview(self, inputs: Inputs) -> State:
        """The state that a create is expected to give."""
        return {**{name: UNKNOWN for name in self.computed}, **inputs}

    def preview_update(self, state: State, inputs: Inputs) -> State:
        """The state that an update is expected to give."""
        gone = {name for name in self.inputs.fields if name not in inputs and name in state}
        remaining = {name: value for name, value in state.items() if name not in gone}
        return {**remaining, **inputs}

    def adjust(self, changes: list[Change], state: State, inputs: Inputs) -> list[Change]:
        """The changes that count, where the schema alone does not tell."""
        return changes

    def adopted(self, state: State, inputs: Inputs) -> Inputs:
        """The inputs of a resource that was imported, as far as the program asks for them.

        What the state does not tell is taken as it is asked for.
        """
        return drifted(inputs, state, self.inputs)

    def leftover(self, context: Context[Client], inputs: Inputs) -> None:
        """Removes, by name, what a create that was cut off after `context.making()` left behind."""

    @abstractmethod
    def create(self, context: Context[Client], inputs: Inputs) -> Created: ...

    @abstractmethod
    def read(self, context: Context[Client], id: str, state: State) -> State | None:
        """The state as found, None where there is nothing; `state` is empty for an import."""

    @abstractmethod
    def update(self, context: Context[Client], id: str, state: State, inputs: Inputs) -> State: ...

    @abstractmethod
    def delete(self, context: Context[Client], id: str, state: State) -> None:
        """Succeeds when there is nothing (left) to delete."""
