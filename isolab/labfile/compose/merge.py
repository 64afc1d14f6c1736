"""How Compose lays one description over another: for `extends`, and for several files of one."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from isolab.labfile.syntax.node import Broken, Node
from isolab.model import Path


def moved(node: Node, path: Path) -> Node:
    """The same values at another path; each still stands where it was written."""
    match node.value:
        case tuple():
            below = tuple(moved(item, (*path, index)) for index, item in enumerate(node.value))
            return replace(node, path=path, value=below)
        case Mapping():
            values = {key: moved(value, (*path, key)) for key, value in node.value.items()}
            return replace(node, path=path, value=values)
        case _:
            return replace(node, path=path)


def service(base: Node, over: Node) -> Node:
    """One service over another."""
    return _merged(base, over, _SERVICE)


def file(base: Node, over: Node) -> Node:
    """One file over another."""
    return _merged(base, over, _FILE)


def settled(node: Node) -> Node:
    """The same without what is reset: nothing is left that it could be laid over."""
    match node.value:
        case tuple():
            items = tuple(settled(item) for item in node.value if item.merging != "reset")
            return node.holding(items)
        case Mapping():
            values = {k: settled(v) for k, v in node.value.items() if v.merging != "reset"}
            return node.holding(values)
        case _:
            return node


Rule = Callable[[Node, Node], Node]
"""What becomes of a key that both have."""


def _merged(base: Node, over: Node, rules: Mapping[str, Rule]) -> Node:
    """Mappings key by key, lists one after the other, of single values the later one."""
    match base.value, over.value:
        case (Broken(), _) | (_, None):
            return base
        case Mapping(), Mapping():
            values = dict(base.value)
            for key, value in over.value.items():
                rule = rules.get(key, plain)
                if value.merging == "reset":
                    values.pop(key, None)
                elif key in values and not value.merging:
                    values[key] = rule(values[key], value)
                else:
                    values[key] = value
            return over.holding(values)
        case tuple(), tuple():
            return _listed(over, (*base.value, *over.value))
        case _:
            return over


def plain(base: Node, over: Node) -> Node:
    """Values without rules of their own."""
    return _merged(base, over, {})


def _later(base: Node, over: Node) -> Node:
    """Nothing at all counts, too: the image's own command."""
    return over


def _listed(node: Node, items: tuple[Node, ...]) -> Node:
    """A list of these; a single value that it has already does not come twice."""
    unequal: list[Node] = []
    for item in items:
        if isinstance(item.value, tuple | Mapping) or all(item.value != k.value for k in unequal):
            unequal.append(item)
    return node.holding(tuple(moved(item, (*node.path, i)) for i, item in enumerate(unequal)))


def _named(separators: str) -> Rule:
    """NAME=value in lists becomes an entry of a mapping, and a name alone one without a value."""

    def entries(node: Node) -> Node:
        if not isinstance(node.value, tuple):
            return node
        values: dict[str, Node] = {}
        for item in node.value:
            word = str(item.value)
            at = min((word.find(s) for s in separators if s in word), default=len(word))
            value = word[at + 1 :] if at < len(word) else None
            values[word[:at]] = replace(item.holding(value), path=(*node.path, word[:at]))
        return node.holding(values)

    return lambda base, over: plain(entries(base), entries(over))


def _hosts(base: Node, over: Node) -> Node:
    """Lines of both: a name may have several addresses."""

    def lines(node: Node) -> Node:
        if isinstance(node.value, tuple):
            words = [str(item.value).replace(":", "=", 1) for item in node.value]
            pairs = zip(words, node.value, strict=True)
            return node.holding(
                tuple(
                    item.holding(w if "=" not in str(item.value) else item.value)
                    for w, item in pairs
                )
            )
        if not isinstance(node.value, Mapping):
            return node
        return node.holding(
            tuple(
                each.holding(f"{name}={each.value}")
                for name, entry in node.value.items()
                for each in (entry.value if isinstance(entry.value, tuple) else (entry,))
            )
        )

    return plain(lines(base), lines(over))


def _depends_on(base: Node, over: Node) -> Node:
    """A name in a list says that the service has started, also over what says more."""

    def entries(node: Node) -> Node:
        if not isinstance(node.value, tuple):
            return node
        values: dict[str, Node] = {}
        for item in node.value:
            place = replace(item, path=(*node.path, str(item.value)))
            started = replace(place, path=(*place.path, "condition"), value="service_started")
            values[str(item.value)] = place.holding({"condition": started})
        return node.holding(values)

    return plain(entries(base), entries(over))


def _one_or_many(base: Node, over: Node) -> Node:
    def as_list(node: Node) -> Node:
        alone = isinstance(node.value, tuple | Broken) or node.value is None
        return node if alone else _listed(node, (node,))

    return plain(as_list(base), as_list(over))


def _by_target(base: Node, over: Node) -> Node:
    """Mounts: a later one takes the place of an earlier one at the same path."""
    if not (isinstance(base.value, tuple) and isinstance(over.value, tuple)):
        return over
    mounts = {_target(item): item for item in (*base.value, *over.value)}
    return _listed(over, tuple(mounts.values()))


def _target(mount: Node) -> str:
    if isinstance(mount.value, Mapping):
        target = mount.value.get("target") or mount.value.get("source")
        return str(target.value) if target else ""
    words = str(mount.value).split(":")
    return words[1] if len(words) > 1 else words[0]


def _build(base: Node, over: Node) -> Node:
    def long(node: Node) -> Node:
        if not isinstance(node.value, str):
            return node
        return node.holding({"context": replace(node, path=(*node.path, "context"))})

    return _merged(long(base), long(over), {"args": _named("=")})


def _logging(base: Node, over: Node) -> Node:
    """Options are those of a driver: another driver starts without any."""

    def driver(node: Node) -> object:
        given = node.value.get("driver") if isinstance(node.value, Mapping) else None
        return given and given.value

    return plain(base, over) if driver(over) in (None, driver(base)) else over


def _services(base: Node, over: Node) -> Node:
    if not (isinstance(base.value, Mapping) and isinstance(over.value, Mapping)):
        return over
    return _merged(base, over, dict.fromkeys(over.value, service))


def _networks(base: Node, over: Node) -> Node:
    if not (isinstance(base.value, Mapping) and isinstance(over.value, Mapping)):
        return over
    ipam: Rule = lambda base, over: _merged(base, over, {"config": _by_subnet})  # noqa: E731
    network: Rule = lambda base, over: _merged(base, over, {"ipam": ipam})  # noqa: E731
    return _merged(base, over, dict.fromkeys(over.value, network))


def _by_subnet(base: Node, over: Node) -> Node:
    """What is said of one subnet goes together."""
    if not (isinstance(base.value, tuple) and isinstance(over.value, tuple)):
        return over
    subnets: dict[object, Node] = {}
    for item in (*base.value, *over.value):
        said = item.value.get("subnet") if isinstance(item.value, Mapping) else None
        key = said.value if said else item.path
        subnets[key] = plain(subnets[key], item) if key in subnets else item
    return _listed(over, tuple(subnets.values()))


_SERVICE: Mapping[str, Rule] = {
    "command": _later,
    "entrypoint": _later,
    "environment": _named("="),
    "labels": _named("="),
    "sysctls": _named("="),
    "extra_hosts": _hosts,
    "depends_on": _depends_on,
    "networks": _named(""),
    "volumes": _by_target,
    "secrets": _by_target,
    "configs": _by_target,
    "env_file": _one_or_many,
    "label_file": _one_or_many,
    "tmpfs": _one_or_many,
    "dns": _one_or_many,
    "dns_search": _one_or_many,
    "build": _build,
    "logging": _logging,
    "healthcheck": lambda base, over: _merged(base, over, {"test": _later}),
}
_FILE: Mapping[str, Rule] = {"services": _services, "networks": _networks}
