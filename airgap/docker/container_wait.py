"""Waits until a container is up, healthy where that is asked for, or gone."""

import time
from typing import Any

from airgap.docker.connection import Connection, found
from airgap.framework import Context, Failure, Inputs

LOOK_EVERY = 0.25
"""Seconds between two looks at a container that is not healthy yet."""
REMOVAL_TIMEOUT = 60.0
"""Seconds for a removal that Docker has begun; one that takes longer does not end by itself."""


def settled(context: Context[Connection], id: str, inputs: Inputs) -> dict[str, Any]:
    """What Docker tells of it once it is up, and healthy where that is asked for."""
    api = context.client.api
    told = api.inspect_container(id)
    if not (inputs["start"] and inputs["mustRun"]):
        return told
    wait = inputs.get("wait")
    end = time.monotonic() + inputs["waitTimeout"]
    said = ""
    while True:
        state = told["State"]
        if not state["Running"] and not state.get("Restarting"):
            raise Failure(
                f"container {inputs['name']} exited after it was started, with {state['ExitCode']}"
                f"{_last_words(context, id)}"
            )
        health = (state.get("Health") or {}).get("Status", "none")
        if not wait or (state["Running"] and health in ("healthy", "none")):
            return told
        if time.monotonic() > end:
            raise Failure(
                f"container failed to be in healthy state: {inputs['name']} is {health} after "
                f"{inputs['waitTimeout']} s{_last_words(context, id)}"
            )
        if context.ending.wait(LOOK_EVERY):
            reason = context.ending.reason
            raise Failure(f"{reason} while container {inputs['name']} was {health}")
        if health != said:
            context.say(f"{inputs['name']} is {health}")
            said = health
        told = api.inspect_container(id)


def gone(context: Context[Connection], id: str, name: str) -> None:
    """Waits until Docker has removed it: it answers before a removal that another began ends."""
    end = time.monotonic() + REMOVAL_TIMEOUT
    while found(context.client.api.inspect_container, id):
        reason = context.ending.reason if context.ending.wait(LOOK_EVERY) else ""
        if not reason and time.monotonic() > end:
            reason = f"timed out after {REMOVAL_TIMEOUT:g} s"
        if reason:
            raise Failure(f"{reason} while Docker was removing container {name}")


def _last_words(context: Context[Connection], id: str) -> str:
    said = context.client.api.logs(id, tail=3).decode(errors="replace").strip()
    return f"; it said last: {' | '.join(said.splitlines())}" if said else ""
