"""What isolab keeps on this machine and no stack uses: found, and removed one by one.

A stack of another checkout uses the same cache. Where there is one whose plan cannot be read from
here, images and engines are left alone; so they are where Docker cannot tell which stacks there
are.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from isolab.plan.model import Plan
from isolab.transport import Unreachable
from machine import paths
from machine.deployment import checkpoints, config, state
from machine.deployment.control import StackControl, backend
from machine.engine import pulumi_cli
from machine.host.transport import HostTransport
from machine.images import builds, cache, guest_image, outside, registry_storage, service_catalog
from machine.steps import Unable

RECENT = 3600.0
"""Seconds for which what was made is left alone: an up may be about to use it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unused:
    """Something that can go."""

    kind: str
    name: str
    size: int
    """Bytes."""
    remove: Callable[[], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """All that can go, and why other things were not looked at."""

    unused: tuple[Unused, ...]
    left_alone: tuple[str, ...]


def stacks() -> tuple[str, ...]:
    """Every stack that this checkout knows of, up or not, and those that an up is about to make."""
    locks = paths.home() / "locks"
    held = (file.name for file in locks.iterdir()) if locks.is_dir() else ()
    return tuple(sorted({*config.stacks(), *held, *_with_state()}))


def find() -> Found:
    """What no stack uses. Whoever removes it has all `stacks` alone."""
    plans, unknown = _plans()
    unused = [*_histories(), *_checkpoints()]
    if not unknown:
        used, stored = _digests(plans), registry_storage.images()
        unused += [
            *_engines(),
            *_guest_images(plans),
            *_builds(used, stored),
            *_outside(used, stored),
        ]
        try:
            unused += _registry(used, stored)
        except registry_storage.Broken as broken:
            unknown = [f"the images of services: {broken}"]
    return Found(unused=tuple(unused), left_alone=tuple(unknown))


def _plans() -> tuple[list[Plan], list[str]]:
    """The plans of all stacks, and what keeps images from being judged."""
    known: list[Plan] = []
    unknown: list[str] = []
    up: set[str] = set()
    for stack in stacks():
        try:
            control = StackControl(stack)
            standing = control.state()
        except Unable as unreadable:
            unknown.append(f"images and engines: {unreadable.message}")
            continue
        if standing is None or not standing.deployed:
            continue
        up.add(f"isolab-{stack}-registry")
        plan = control.plan(standing)
        if plan:
            known.append(plan)
        else:
            unknown.append(
                f"images and engines: stack {stack} was created by another version of isolab, "
                "and may use any of them"
            )
    try:
        asked = HostTransport().run(["docker", "ps", "-a", "--format", "{{.Names}}"])
        silent = "" if asked.ok else (asked.stderr.strip().splitlines() or ["no answer"])[-1]
    except Unreachable as unreachable:
        asked, silent = None, str(unreachable)
    if asked is None or not asked.ok:
        unknown.append(f"images and engines: Docker does not say which stacks there are ({silent})")
        return known, unknown
    names = asked.stdout.split()
    others = {name for name in names if name.startswith("isolab-") and name.endswith("-registry")}
    unknown += [
        f"images and engines: a stack of another folder may use any of them ({name})"
        for name in sorted(others - up)
    ]
    return known, unknown


def _checkpoints() -> Iterator[Unused]:
    """Those that cannot be restored: their guests were replaced since, or are gone."""
    for name in checkpoints.stacks():
        for each in checkpoints.of(name):
            with suppress(Unable):
                known = StackControl(name).state()
                if known is None or checkpoints.another(state.parse(each.state), known):
                    yield Unused(
                        kind="checkpoint",
                        name=f"{name} {each.name}, saved {each.at}",
                        size=each.size,
                        remove=partial(checkpoints.remove, each),
                    )


def _engines() -> Iterator[Unused]:
    mine = pulumi_cli.folder()
    for folder in sorted(mine.parent.glob("v*")):
        if folder != mine and folder.is_dir():
            yield _folder("engine", folder.name, folder)


def _guest_images(plans: Iterable[Plan]) -> Iterator[Unused]:
    current = guest_image.find()
    used = {plan.image.digest for plan in plans if plan.image}
    used |= {current.digest} if current else set()
    used |= {guest_image.recipe_digest()}
    for manifest in sorted(guest_image.place().glob("*/manifest.json")):
        folder = manifest.parent
        if folder.name not in used and _old(folder):
            yield _folder("guest image", folder.name[:12], folder)


def _builds(used: Set[str], stored: Sequence[registry_storage.Image]) -> Iterator[Unused]:
    needed = used | {image.digest for image in stored if not _old(image.link)}
    for key, row in builds.recorded().items():
        if row.digest not in needed:
            name = key.replace(":", " ", 1)[:40]
            yield Unused(kind="build", name=name, size=0, remove=partial(builds.forget, key))


def _outside(used: Set[str], stored: Sequence[registry_storage.Image]) -> Iterator[Unused]:
    needed = used | {image.digest for image in stored if not _old(image.link)}
    for name, row in outside.recorded().items():
        if row.digest not in needed:
            yield Unused(kind="image", name=name, size=0, remove=partial(outside.forget, name))


def _registry(used: Set[str], stored: Sequence[registry_storage.Image]) -> Iterator[Unused]:
    """Images that nothing names, each once, and the blobs that then nobody needs."""
    named = used | {row.digest for row in service_catalog.read().values()}
    gone = [image for image in stored if image.digest not in named and _old(image.link)]
    retained = {image.digest for image in stored} - {image.digest for image in gone}
    blobs = [path for path in registry_storage.unreachable(retained) if _old(path)]
    for image in gone:
        yield Unused(
            kind="service image",
            name=f"{image.repository}@{image.digest[:19]}",
            size=0,
            remove=partial(registry_storage.forget, image),
        )
    for path in blobs:
        yield Unused(
            kind="layer",
            name=path.name[:12],
            size=registry_storage.size(path),
            remove=partial(registry_storage.forget_blob, path),
        )


def _digests(plans: Iterable[Plan]) -> set[str]:
    return {
        container.digest
        for plan in plans
        for container in (
            *plan.containers,
            *plan.host_containers,
            *(balancer.container for balancer in plan.balancers),
        )
        if container.digest
    }


def _histories() -> Iterator[Unused]:
    """What the engine keeps of earlier runs: of a stack that there is, the last stays."""
    folder = state.folder_of(backend())
    for kind, stay in (("history", 1), ("backups", 2)) if folder else ():
        assert folder
        for of_stack in sorted((folder / kind / state.PROJECT).glob("*")):
            there = (folder / "stacks" / state.PROJECT / f"{of_stack.name}.json").exists()
            going = _all_but_last(of_stack, stay if there else 0)
            if going:
                yield Unused(
                    kind=kind,
                    name=f"{of_stack.name}, {len(going)} files",
                    size=sum(map(registry_storage.size, going)),
                    remove=partial(_unlink, going),
                )


def _all_but_last(folder: Path, stay: int) -> tuple[Path, ...]:
    """The files of all runs but the last ones: the time of a run is in their names."""
    runs: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*.json*")):
        # STACK-TIME.history.json and STACK-TIME.checkpoint.json belong together.
        name = file.name.partition(".json")[0]
        runs.setdefault(name.removesuffix(".history").removesuffix(".checkpoint"), []).append(file)
    going = sorted(runs)[: len(runs) - stay]
    return tuple(file for run in going for file in runs[run])


def _unlink(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _with_state() -> Iterator[str]:
    folder = state.folder_of(backend())
    for file in sorted((folder / "stacks" / state.PROJECT).glob("*.json")) if folder else ():
        yield file.stem


def _folder(kind: str, name: str, folder: Path) -> Unused:
    size = registry_storage.size(folder)
    return Unused(kind=kind, name=name, size=size, remove=partial(_discard, folder))


def _discard(folder: Path) -> None:
    cache.discard(folder)
    if folder.exists():
        raise Unable(
            f"{folder} could not be removed: "
            "something is mounted in it, or permissions do not allow it"
        )


def _old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > RECENT
