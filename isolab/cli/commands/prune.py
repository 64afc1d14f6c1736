"""`./lab prune`: what no stack uses any more, and with --yes its end."""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from isolab.cli.context.engine import say
from isolab.cli.errors import DONE, FAILED, UNABLE, Failure
from isolab.units import size_words
from machine.deployment import lock, unused
from machine.deployment.unused import Found, Unused
from machine.images import cache, service_images
from machine.images.guest_image import place
from machine.steps import Unable

NAME = "prune"
HELP = "list images, builds, engines, histories, checkpoints of no use any more; --yes removes them"
MOST = 8
"""Things of one kind that are named one by one."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--yes", action="store_true", help="remove them")


def run(arguments: argparse.Namespace) -> int:
    """Show it, or remove it; stacks, their data disks and what they use are left alone."""
    if not arguments.yes:
        print(*_told(unused.find()), sep="\n")
        return DONE
    with ExitStack() as stack:
        # An up that begins meanwhile would count on what goes here.
        for name in unused.stacks():
            stack.enter_context(_at_once(name))
        stack.enter_context(service_images.alone())
        stack.enter_context(cache.alone(place()))
        found = unused.find()
        failed = list(_remove(found.unused))
    print(*_told(found, done=True), sep="\n")
    if failed:
        raise Failure(FAILED, "not everything was removed:\n  " + "\n  ".join(failed))
    return DONE


def _at_once(stack: str) -> ExitStack:
    """The stack's lock; who has it is not waited for."""
    opened = ExitStack()
    try:
        opened.enter_context(lock.locked(stack, NAME, say, timeout=0))
    except lock.Held as held:
        raise Failure(UNABLE, str(held), "wait for it to end; nothing was changed") from held
    return opened


def _remove(things: Sequence[Unused]) -> Iterator[str]:
    """Remove them; what could not be removed."""
    for thing in things:
        try:
            thing.remove()
        except (OSError, Unable) as error:
            yield f"{thing.kind} {thing.name}: {error}"


def _told(found: Found, *, done: bool = False) -> Iterator[str]:
    kinds: dict[str, list[Unused]] = defaultdict(list)
    for thing in found.unused:
        kinds[thing.kind].append(thing)
    for kind, things in kinds.items():
        yield f"{kind:14} {len(things):4}  {size_words(sum(thing.size for thing in things))}"
        yield from (f"  {thing.name}" for thing in things[:MOST])
        if len(things) > MOST:
            yield f"  … and {len(things) - MOST} more"
    yield from (f"not checked: {why}" for why in found.left_alone)
    total = size_words(sum(thing.size for thing in found.unused))
    if not found.unused:
        yield "nothing is unused"
    elif done:
        yield f"removed: {total}"
    else:
        yield f"unused: {total}; ./lab prune --yes removes it"
