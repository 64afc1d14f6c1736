"""Healthchecks, and what a service waits for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.quantities import duration
from isolab.labfile.values.reading import Fields, each, forms, many
from isolab.labfile.values.shape import Shaped, describe
from isolab.model import Condition, Healthcheck, Problem
from isolab.units import Seconds

_CONDITION: Reader[Condition] = scalars.choice(
    "service_started", "service_healthy", "service_completed_successfully"
)
_KINDS = ("CMD", "CMD-SHELL", "NONE")
_HEALTHCHECK = {
    "test": "The command: a line for a shell, or a list that starts with CMD, CMD-SHELL or NONE.",
    "interval": "Time between two checks.",
    "timeout": "The longest time for one check.",
    "retries": "Failed checks in a row until the container is unhealthy.",
    "start_period": "Time after the start in which failed checks do not count.",
    "start_interval": "No effect: it needs Docker 25, and guests have 20.10.",
    "disable": "Switches off the image's own healthcheck.",
}
_DEPENDENCY = {
    "condition": "The state that the other service must reach; a healthcheck is always waited for.",
    "required": "false passes over a service that is not there.",
    "restart": "true recreates it with the other service's container on the same guest.",
}


def healthcheck(node: Node) -> Healthcheck | None:
    """How Docker finds out whether a container is healthy."""
    with Fields(node, _HEALTHCHECK, "a healthcheck") as fields:
        disabled = fields.get("disable", scalars.flag, False)
        test = fields.get("test", _TEST, None)
        interval = fields.get("interval", duration, Seconds(30.0))
        timeout = fields.get("timeout", duration, Seconds(30.0))
        retries = fields.get("retries", scalars.integer(1, 1000), 3)
        start_period = fields.get("start_period", duration, Seconds(0.0))
        fields.get("start_interval", duration, None)
    if test is None and not disabled:
        return None
    if disabled or not test or test[0] == "NONE":
        return Healthcheck(test=("NONE",))
    return Healthcheck(
        test=test,
        interval=interval,
        timeout=timeout,
        retries=retries,
        start_period=start_period,
    )


def notes(node: Node) -> tuple[Problem, ...]:
    """What of a healthcheck has no effect here."""
    if not isinstance(node.value, Mapping):
        return ()
    keys = node.mapping()
    told: list[Problem] = []
    if early := keys.get("start_interval"):
        told.append(early.problem("passed over: it needs Docker 25, and guests have 20.10"))
    if keys and not keys.keys() & {"test", "disable"}:
        message = "test is missing, so the healthcheck of the image runs, with its own times"
        told.append(node.problem(message))
    return tuple(replace(problem, severity="warning") for problem in told)


def _line(node: Node) -> tuple[str, ...]:
    return ("CMD-SHELL", scalars.filled(node))


def _words(node: Node) -> tuple[str, ...]:
    words = many(scalars.text)(node)
    kind = words[0] if words else ""
    if kind not in _KINDS:
        node.refuse(
            "a healthcheck's test must start with CMD, CMD-SHELL or NONE",
            'for example ["CMD", "true"]',
        )
    if kind != "NONE" and len(words) < 2:
        node.refuse(f"{kind} has no command after it")
    return words


_TEST = forms(
    text=Shaped(_line, lambda: describe(scalars.filled)),
    items=Shaped(
        _words,
        lambda: {**describe(many(scalars.text)), "prefixItems": [{"enum": list(_KINDS)}]},
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """What a service depends on another one for."""

    condition: Condition = "service_started"
    """What must be seen of it."""
    required: bool = True
    """Whether it must be there at all."""
    restart: bool = False
    """Whether its recreation recreates the service."""


Needs = Mapping[str, Need]
"""Services to what is needed of them."""


def _names(node: Node) -> Needs:
    return dict.fromkeys(many(scalars.filled)(node), Need())


def _need(name: str, node: Node) -> Need:
    with Fields(node, _DEPENDENCY, "a dependency") as fields:
        return Need(
            condition=fields.get("condition", _CONDITION, "service_started"),
            required=fields.get("required", scalars.flag, True),
            restart=fields.get("restart", scalars.flag, False),
        )


depends_on: Reader[Needs] = forms(
    items=Shaped(_names, lambda: describe(many(scalars.filled))),
    mapping=each(_need, extensions=False),
)
