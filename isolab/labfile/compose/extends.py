"""Compose's `extends`: a service that starts from another one, of this file or of another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from isolab.labfile.compose import merge
from isolab.labfile.keys import EXTENDS
from isolab.labfile.syntax.node import Broken, Invalid, Node, Reader, Report, did_you_mean
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, forms
from isolab.labfile.values.shape import Shaped

MOST = 100
"""Services that one may stand on."""
TOO_DEEP = f"extends a chain of more than {MOST} services"
Parse = Callable[[Path, Node], Node]
"""The root of another file, which the node names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """Where a service starts from."""

    service: str
    file: Path | None


def _short(node: Node) -> Base:
    return Base(service=scalars.filled(node), file=None)


def _long(node: Node) -> Base:
    with Fields(node, EXTENDS, "extends") as fields:
        service = fields.need("service", scalars.filled, "base")
        file = fields.get("file", scalars.local, None)
    return Base(service=service, file=file)


extends: Reader[Base] = forms(text=Shaped(_short, scalars.filled.shape), mapping=_long)


def resolved(root: Node, parse: Parse, report: Report) -> Node:
    """The file with all its services complete, those that cannot be so broken."""
    services = _services(root)
    if not any(_names_base(node) for node in services.values()):
        return root
    whole = dict(services)
    told = set[str]()
    for name, node in services.items():
        try:
            whole[name] = _complete(root, name, node, parse, ())
        except Invalid as invalid:
            # Every service further up the chain has the same cause.
            report(tuple(p for p in invalid.problems if p.message not in told))
            told |= {p.message for p in invalid.problems} & {TOO_DEEP}
            whole[name] = node.holding(Broken())
    fields = root.mapping()
    return root.holding({**fields, "services": fields["services"].holding(whole)})


def _complete(root: Node, name: str, at: Node, parse: Parse, above: tuple[object, ...]) -> Node:
    """A service of the file, on top of what it extends; `at` is who asks for it."""
    services = _services(root)
    if name not in services:
        hint = did_you_mean(name, services) or f"there is {', '.join(services)}"
        at.refuse(f"there is no service {name!r} in {root.position.file}", hint)
    node = services[name]
    if not _names_base(node):
        return node
    here = (root.position.file, name)
    if here in above:
        at.refuse(f"{name} extends itself through other services", "leave one of them out")
    if len(above) >= MOST:
        at.refuse(TOO_DEEP, "extend the first one directly")
    fields = dict(node.mapping())
    asking = fields.pop("extends")
    base = extends(asking)
    there = parse(base.file, asking) if base.file else root
    below = _complete(there, base.service, asking, parse, (*above, here))
    return merge.service(merge.moved(below, node.path), node.holding(fields))


def _services(root: Node) -> Mapping[str, Node]:
    services = root.value.get("services") if isinstance(root.value, Mapping) else None
    return services.value if services and isinstance(services.value, Mapping) else {}


def _names_base(node: Node) -> bool:
    return isinstance(node.value, Mapping) and "extends" in node.value
