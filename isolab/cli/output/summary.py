"""What `up` says at its end: the layers, where to look, what took how long."""

from collections.abc import Iterator

from isolab.cli.output.progress import Progress
from isolab.plan.model import Container, Guest, Plan


def of(
    plan: Plan, progress: Progress, *, setup: float, total: float, restarted: bool = False
) -> str:
    """The summary of an `up`.

    Args:
        plan: What is deployed.
        progress: What was done.
        setup: Seconds that the machine's set-up took.
        total: Seconds of all.
        restarted: Whether what was stopped was started again, before the engine looked.
    """
    times = _times(progress, setup, total, restarted)
    return "\n".join([*_layers(plan), "", *_where(plan), *times])


def _layers(plan: Plan) -> Iterator[str]:
    way = "KVM" if plan.kvm else "TCG"
    yield f"host  {plan.network.gateway}  network {plan.network.cidr}, guests under {way}"
    for balancer in plan.balancers:
        backends = {backend.container for route in balancer.routes for backend in route.backends}
        where = f"{balancer.address}:{balancer.listen}"
        yield f"  balancer {balancer.name}  {where}  {len(backends)} replicas"
    yield from (f"  {_service(container)}" for container in plan.host_containers)
    for guest in plan.guests:
        yield f"  guest {guest.name}  {guest.address}  {guest.memory} MiB, {_vcpus(guest)}"
        for container in guest.containers:
            yield f"    {_service(container)}"
            for copy in container.copies:
                yield f"      {copy.target} is a copy of {copy.source}: edit it there, then up"


def _service(container: Container) -> str:
    ports = ", ".join(f"{port.external}/{port.protocol}" for port in container.ports)
    return f"service {container.service}  {container.name}" + (ports and f"  {ports}")


def _vcpus(guest: Guest) -> str:
    return f"{guest.vcpus} vCPU{'s' if guest.vcpus > 1 else ''}"


def _where(plan: Plan) -> Iterator[str]:
    for endpoint in plan.endpoints:
        yield f"open  {endpoint.url}  ({endpoint.service})"


def _times(progress: Progress, setup: float, total: float, restarted: bool) -> Iterator[str]:
    if not progress.actions:
        what = "started again what was stopped" if restarted else "looked at everything"
        yield f"nothing to change; {what} in {total:.1f} s"
        return
    stages = {"set-up": setup}
    for kind in ("host", "guest", "service"):
        spans = [span for layer, span in progress.spans.items() if layer.kind == kind]
        if spans:
            began, ended = min(s.begin for s in spans), max(s.end for s in spans)
            stages[f"{kind}s" if kind != "host" else kind] = ended - began
    parts = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items())
    yield f"took  {parts}; {total:.1f} s in all"
