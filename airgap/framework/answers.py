"""The engine's answers: what is wrong, what changed, what is secret, what failed."""

import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from airgap.framework import diff, values
from airgap.framework.resource import Failure, HalfDone, Report, ResourceType
from airgap.framework.values import secret_names

_Kind = provider_pb2.PropertyDiff
_KINDS = {
    ("add", False): _Kind.ADD,
    ("add", True): _Kind.ADD_REPLACE,
    ("delete", False): _Kind.DELETE,
    ("delete", True): _Kind.DELETE_REPLACE,
    ("update", False): _Kind.UPDATE,
    ("update", True): _Kind.UPDATE_REPLACE,
}


def failures(problems: list[tuple[str, str]]) -> list[Any]:
    """What is wrong with the inputs, each under its property."""
    return [
        provider_pb2.CheckFailure(property=path, reason=f"{path} {text}") for path, text in problems
    ]


def diff_response(found: list[diff.Change], delete_first: bool) -> Any:
    """What changed, in the engine's words."""
    replaces = sorted({each.top for each in found if each.replaces})
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME
        if found
        else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({each.top for each in found}),
        replaces=replaces,
        detailedDiff={
            each.path: _Kind(kind=_KINDS[each.what, each.replaces], inputDiff=False)
            for each in found
        },
        hasDetailedDiff=True,
        deleteBeforeReplace=delete_first,
    )


def hidden(kind: ResourceType[Any], state: Mapping[str, Any], *given: Mapping[str, Any]) -> Any:
    """The outputs to keep secret: those of the same name as a secret, and those made from one."""
    names = secret_names(*given)
    return names | set(kind.secret_outputs) if names else names


@contextmanager
def told(context: Any) -> Iterator[None]:
    """Reports what goes wrong inside as the one line that the user reads."""
    try:
        yield
    except Exception as error:
        if os.environ.get("ISOLAB_DEBUG"):
            traceback.print_exception(error, file=sys.stderr)
        context.abort(grpc.StatusCode.UNKNOWN, one_line(error))


@contextmanager
def created_partially(
    context: Any, kind: ResourceType[Any], *given: Mapping[str, Any]
) -> Iterator[None]:
    """Tells the engine of a resource that exists although its operation failed."""
    try:
        yield
    except HalfDone as error:
        detail = provider_pb2.ErrorResourceInitFailed(
            id=error.id,
            properties=values.dump(error.state, hidden(kind, error.state, *given)),
            reasons=[one_line(error)],
            inputs=values.dump(given[-1]),
        )
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=one_line(error))
        status.details.add().Pack(detail)
        metadata = (("grpc-status-details-bin", status.SerializeToString()),)
        context.set_trailing_metadata(metadata)
        raise


def one_line(error: Exception) -> str:
    """An error's text without line breaks; with its kind where it is none of ours."""
    if isinstance(error, Report):
        return str(error).rstrip()
    text = " ".join(str(error).split())
    return text if isinstance(error, Failure) else f"{type(error).__name__}: {text}"
