"""Images that a daemon pulls from a registry."""

import time
from collections.abc import Iterable
from typing import Any

import requests
from docker.errors import APIError

from airgap.docker.connection import Connection, found
from airgap.framework import Context, Created, Failure, Inputs, ResourceType, State
from airgap.framework.schema import BOOLEAN, STRING, Field, List, Map, Object

_ID = len("sha256:") + 64
TRIES = 3
"""A registry that is just being started refuses for a moment."""


class RemoteImage(ResourceType[Connection]):
    """An image by name or digest; pulled when the daemon does not have it."""

    token = "docker:index/remoteImage:RemoteImage"
    inputs = Object(
        {
            "name": Field(STRING, required=True, replaces=True),
            "keepLocally": Field(BOOLEAN),
            "forceRemove": Field(BOOLEAN),
            "platform": Field(STRING, replaces=True),
            "pullTriggers": Field(List(STRING), replaces=True),
            "triggers": Field(Map(STRING), replaces=True),
        },
        instead={"build": "an image that is built and pushed before"},
    )
    computed = ("imageId", "repoDigest")
    unfilled = ("build",)
    # A pull takes long: what runs from the old image runs on until the new one is there.
    delete_first = False

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        name, api = inputs["name"], context.client.api
        with context.client.told(f"unable to read image {name}"):
            told = found(api.inspect_image, name)
            if told is None:
                _pull(context, name, inputs.get("platform"))
                told = api.inspect_image(name)
        return Created(f"{told['Id']}{name}", _state(told, inputs))

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        name = state.get("name") or id[_ID:]
        if not name:
            raise Failure(
                f"{id} has no name: an image is imported by its own id and its name behind it"
            )
        with context.client.told(f"unable to read image {name}"):
            told = found(context.client.api.inspect_image, name)
        return told and _state(told, {"name": name, **state})

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        return {**state, **inputs}

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        if state.get("keepLocally"):
            return
        with context.client.told(f"unable to remove image {state['name']}"):
            found(context.client.api.remove_image, state["name"], bool(state.get("forceRemove")))


def _pull(context: Context[Connection], name: str, platform: str | None) -> None:
    for left in reversed(range(TRIES)):
        try:
            for line in _pulled(context, name, platform):
                if "error" in line:
                    raise Failure(f"unable to pull image {name}: {line['error']}")
                context.say(" ".join(filter(None, (line.get("status"), line.get("progress")))))
            return
        except (APIError, Failure) as error:
            reason = error.explanation if isinstance(error, APIError) else str(error)
            if left and "connection refused" in str(reason) and not context.ending.is_set():
                time.sleep(1)
                continue
            raise Failure(
                f"Unable to read Docker image into resource: unable to pull image {name}: error "
                f"pulling image {name}: Error response from daemon: {reason}"
            ) from None


def _pulled(
    context: Context[Connection], name: str, platform: str | None
) -> Iterable[dict[str, Any]]:
    repository, tag = _parts(name)
    try:
        yield from context.client.api.pull(
            repository, tag, stream=True, decode=True, platform=platform
        )
    except APIError:  # one of requests' own, as docker-py sees it, but the daemon did answer
        raise
    except requests.RequestException:
        raise Failure(f"the connection to {context.client.host} was lost") from None


def _parts(name: str) -> tuple[str, str]:
    """Repository, and tag or digest."""
    if "@" in name:
        repository, digest = name.split("@", 1)
        return repository, digest
    repository, _, tag = name.rpartition(":")
    return (repository, tag) if repository and "/" not in tag else (name, "latest")


def _state(told: dict[str, Any], known: Inputs) -> State:
    repository = _parts(known["name"])[0]
    digests = [d for d in told.get("RepoDigests") or [] if d.startswith(f"{repository}@")]
    return {
        "build": None,
        "forceRemove": known.get("forceRemove"),
        "imageId": told["Id"],
        "keepLocally": known.get("keepLocally"),
        "name": known["name"],
        "platform": known.get("platform"),
        "pullTriggers": known.get("pullTriggers"),
        "repoDigest": digests[0] if digests else "",
        "triggers": known.get("triggers"),
    }
