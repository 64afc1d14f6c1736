"""Compose's profiles: services that are there only when they are asked for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from isolab.labfile.service import Draft
from isolab.labfile.syntax.node import Node
from isolab.model import Problem, Service

VARIABLE = "COMPOSE_PROFILES"


def active(variables: Mapping[str, str]) -> frozenset[str]:
    """The profiles that are asked for; "*" is all of them."""
    return frozenset(word.strip() for word in variables.get(VARIABLE, "").split(",")) - {""}


def enabled(drafts: Iterable[Draft], asked: frozenset[str]) -> tuple[Draft, ...]:
    """The services without a profile, and those with one that is asked for."""
    return tuple(
        draft
        for draft in drafts
        if not draft.profiles or "*" in asked or asked.intersection(draft.profiles)
    )


def disabled(drafts: Iterable[Draft], asked: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The others, with the profiles that would bring them."""
    drafts = tuple(drafts)
    there = {draft.service.name for draft in enabled(drafts, asked)}
    return {d.service.name: d.profiles for d in drafts if d.service.name not in there}


def completed(draft: Draft, there: frozenset[str], lab: str) -> Service:
    """The service, without waiting for those that need not be there and are not.

    An image that is built and has no name is called as Compose calls it.
    """
    waits = {
        name: need.condition for name, need in draft.needs.items() if need.required or name in there
    }
    made = draft.service
    together = tuple(name for name in made.restarts_with if name in waits)
    image = made.image or f"{lab}-{made.name}".lower()
    return replace(made, depends_on=waits, restarts_with=together, image=image)


def unmet(draft: Draft, missing: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    """What a service needs, but nobody asked for."""
    for name, need in draft.needs.items():
        if need.required and name in missing:
            words = " or ".join(missing[name])
            way = f"set {VARIABLE}={missing[name][0]}, give {draft.service.name} the same profile"
            otherwise = "" if name == draft.service.network_of else ", or say required: false"
            yield _place(draft, name).problem(
                f"needs {name}, which is active only with the profile {words}",
                way + otherwise,
            )


def _place(draft: Draft, name: str) -> Node:
    """Where a service says that it needs another."""
    keys = draft.node.mapping()
    if name == draft.service.network_of:
        return keys["network_mode"]
    needs = keys.get("depends_on") or keys["links"]
    if isinstance(needs.value, tuple):
        return next((i for i in needs.value if str(i.value).split(":")[0] == name), needs)
    return needs.mapping().get(name, needs)
