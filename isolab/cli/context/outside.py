"""Images from elsewhere that a lab needs: whether they can be had, and then brought."""

from collections.abc import Iterable

from isolab.cli.context.engine import say
from isolab.cli.errors import UNABLE, Failure
from isolab.plan import images
from isolab.plan.model import Plan


def missing(plan: Plan) -> tuple[str, ...]:
    """The images of a plan that are not in this machine's store."""
    containers = (*plan.containers, *plan.host_containers)
    return tuple(sorted({c.image for c in containers if images.unresolved(c)}))


def tell(plan: Plan) -> None:
    """Say which images' digests are not known, so that nobody counts on them."""
    for image in missing(plan):
        say(f"not resolved: {image} is not in this machine's store; ./lab up brings it")


def check(plan: Plan) -> None:
    """End the command where an image is missing and there is no way to it."""
    from machine.images import outside, reachable

    wanted = [image for image in missing(plan) if not outside.in_docker(image)]
    silent = {
        registry: why
        for registry in sorted({images.registry(image) for image in wanted})
        if (why := reachable.refusal(registry))
    }
    absent = [image for image in wanted if images.registry(image) in silent]
    if absent:
        reasons = "\n".join(f"  {registry}: {why}" for registry, why in silent.items())
        raise Failure(UNABLE, f"{_told(absent)}; nothing was changed\n{reasons}", _hint(absent))


def bring(plan: Plan) -> None:
    """Put what is missing into the store, once for all guests and labs."""
    from machine.images import outside, store

    wanted = missing(plan)
    local = [image for image in wanted if outside.in_docker(image)]
    for image in local:
        store.add_from_docker(image, image, say)
    others = [image for image in wanted if image not in local]
    if others:
        store.pull(others, say)


def _told(absent: Iterable[str]) -> str:
    return f"images that are not on this machine and cannot be fetched: {', '.join(absent)}"


def _hint(absent: list[str]) -> str:
    return (
        f"run `docker save {' '.join(absent)} >FILE` where they are, then ./lab image add FILE here"
    )
