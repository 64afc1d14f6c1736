"""What containers may use, and how many of them there are."""

from collections.abc import Mapping
from dataclasses import replace

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.quantities import compose_size, cpus, duration
from isolab.labfile.values.reading import Fields, each, forms
from isolab.labfile.values.shape import Shaped, describe
from isolab.model import Limits, Problem, Ulimit

MOST_REPLICAS = 1000
replicas = scalars.integer(1, MOST_REPLICAS)
pids = scalars.integer(1, 4_194_304)
_SOFT_OR_HARD = scalars.integer(-1, 2**40)
_ULIMIT = {"soft": "What processes get.", "hard": "How far they may raise it."}
_DEPLOY = {
    "replicas": "How many containers.",
    "resources": "What each of them may use.",
    "mode": "Either is replicated: global, one on each guest, is for Swarm.",
    "restart_policy": "When Docker starts the container again; wins over restart.",
    "endpoint_mode": "No effect: it is for Swarm; balancers: spreads requests.",
    "labels": "No effect: they are for Swarm; labels: are the container's.",
    "placement": "No effect: it is for Swarm; the lab file's own says where a service runs.",
    "rollback_config": "No effect: it is for Swarm.",
    "update_config": "No effect: it is for Swarm; replicas change one by one behind a balancer.",
}
"""As `docker compose` has it: what is for Swarm is passed over."""
_FOR_SWARM = ("endpoint_mode", "labels", "placement", "rollback_config", "update_config")
_RESOURCES = {
    "limits": "The most that a container gets.",
    "reservations": "No effect: a guest holds nothing back for a container.",
}
_RESERVATIONS = {"memory": "No effect.", "cpus": "No effect."}
_POLICY = {
    "condition": "any, on-failure or none; without it, any.",
    "max_attempts": "How often, with on-failure.",
    "delay": "No effect: Docker waits longer each time.",
    "window": "No effect: Docker counts ten seconds.",
}
_RESTART = {
    "any": "always",
    "always": "always",
    "unless-stopped": "unless-stopped",
    "on-failure": "on-failure",
    "none": "no",
}
"""Compose's conditions to Docker's restart policies."""
_LIMITS = {
    "memory": "Memory; beyond it the kernel ends the container's processes.",
    "cpus": "Processors.",
    "pids": "Processes and threads.",
}


def deploy(node: Node) -> tuple[int | None, Limits, str]:
    """Replicas, what each of them may use, and their restart policy; empty is none given."""
    with Fields(node, _DEPLOY, "deploy") as fields:
        for key in _FOR_SWARM:
            fields.get(key, scalars.passed_over, None)
        count = fields.get("replicas", replicas, None)
        limits = fields.get("resources", _resources, Limits())
        fields.get("mode", scalars.choice("replicated", "global"), "replicated")
        policy = fields.get("restart_policy", _policy, None)
    return count, limits, policy or ""


def notes(node: Node) -> tuple[Problem, ...]:
    """What of deploy has no effect here."""
    mode = node.mapping().get("mode") if isinstance(node.value, Mapping) else None
    if mode is None or mode.value != "global":
        return ()
    message = "global has no effect, as in Compose: it is for Swarm"
    hint = "replicas: and placement: say how many containers there are, and where"
    return (replace(mode.problem(message, hint), severity="warning"),)


def _policy(node: Node) -> str | None:
    with Fields(node, _POLICY, "restart_policy") as fields:
        condition = fields.get("condition", scalars.choice(*_RESTART), "any")
        attempts = fields.get("max_attempts", scalars.integer(0, 9999), 0)
        fields.get("delay", duration, None)
        fields.get("window", duration, None)
        if attempts and condition != "on-failure":
            message = f"Docker does not count attempts with {condition}"
            hint = "condition: on-failure"
            fields.add(fields.where("max_attempts").problem(message, hint))
    return f"on-failure:{attempts}" if attempts else _RESTART.get(condition)


def _resources(node: Node) -> Limits:
    with Fields(node, _RESOURCES, "resources") as fields:
        limits = fields.get("limits", _limits, Limits())
        fields.get("reservations", _reservations, None)
    return limits


def _reservations(node: Node) -> None:
    outside = {"devices": "a guest does not have the host's devices"}
    with Fields(node, _RESERVATIONS, "reservations", outside) as fields:
        fields.get("memory", compose_size, None)
        fields.get("cpus", cpus, None)


def _limits(node: Node) -> Limits:
    with Fields(node, _LIMITS, "limits") as fields:
        memory = fields.get("memory", compose_size, None)
        processors = fields.get("cpus", cpus, None)
        processes = fields.get("pids", pids, None)
    return Limits(memory=memory, cpus=processors, pids=processes)


def _both(node: Node) -> tuple[int, int]:
    number = _SOFT_OR_HARD(node)
    return number, number


def _soft_and_hard(node: Node) -> tuple[int, int]:
    with Fields(node, _ULIMIT, "a ulimit") as fields:
        soft = fields.need("soft", _SOFT_OR_HARD, "1024")
        hard = fields.need("hard", _SOFT_OR_HARD, "1024")
    if hard != -1 and (soft == -1 or soft > hard):
        node.refuse(f"soft is {soft}, which is more than hard, {hard}")
    return soft, hard


_PAIR: Reader[tuple[int, int]] = forms(
    text=Shaped(_both, lambda: describe(_SOFT_OR_HARD)), mapping=_soft_and_hard
)


def _ulimit(name: str, node: Node) -> Ulimit:
    soft, hard = _PAIR(node)
    return Ulimit(name=name, soft=soft, hard=hard)


_ULIMITS: Reader[Mapping[str, Ulimit]] = each(_ulimit)
ulimits = Shaped(lambda node: tuple(_ULIMITS(node).values()), lambda: describe(_ULIMITS))
