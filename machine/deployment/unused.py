"""What isolab keeps on this machine and no stack uses: found, and removed one by one.

A stack of another checkout uses the same cache. Where there is one whose plan cannot be read from
here, images and engines are left alone; so they are where Docker cannot tell which stacks there
are.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from isolab.plan.model import Plan
from isolab.transport import Unreachable
from machine import paths
from machine.deployment import config, state
from machine.deployment.control import StackControl, backend
from machine.engine import pulumi_cli
from machine.host.transport import HostTransport
from machine.images import builds, cache, guest_image, registry_storage, service_catalog
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
    unused = list(_histories())
    if not unknown:
        unused += [*_engines(), *_guest_images(plans), *_builds(plans)]
        try:
            unused += _registry(plans)
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
                f"images and engines: another version made stack {stack}, and may use any"
            )
    try:
        asked = HostTransport().run(["docker", "ps", "-a", "--format", "{{.Names}}"])
    except Unreachable as silent:
        return known, [
            *unknown,
            f"images and engines: Docker does not say which stacks there are ({silent})",
        ]
    if not asked.ok:
        said = asked.stderr.strip().splitlines() or ["no answer"]
        return known, [
            *unknown,
            f"images and engines: Docker does not say which stacks there are ({said[-1]})",
        ]
    others = {
        n for n in asked.stdout.split() if n.startswith("isolab-") and n.endswith("-registry")
    }
    unknown += [
        f"images and engines: a stack of another folder may use any ({name})"
        for name in sorted(others - up)
    ]
    return known, unknown


def _engines() -> Iterator[Unused]:
    mine = pulumi_cli.folder()
    for folder in sorted(mine.parent.glob("v*")):
        if folder != mine and folder.is_dir():
            yield _folder("engine", folder.name, folder)


def _guest_images(plans: Iterable[Plan]) -> Iterator[Unused]:
    current = guest_image.find()
    used = {plan.image.digest for plan in plans if plan.image}
    used |= {current.digest} if current else set()
    for manifest in sorted(guest_image.place().glob("*/manifest.json")):
        folder = manifest.parent
        if folder.name not in used and folder.name != guest_image.recipe_digest() and _old(folder):
            yield _folder("guest image", folder.name[:12], folder)


def _builds(plans: Iterable[Plan]) -> Iterator[Unused]:
    used = _digests(plans)
    for key, row in builds.recorded().items():
        if row.digest not in used and _old_image(row.digest):
            yield Unused(
                kind="build", name=key.replace(":", " ", 1)[:40], size=0, remove=_forget_build(key)
            )


def _forget_build(key: str) -> Callable[[], None]:
    return lambda: builds.forget(key)


def _registry(plans: Iterable[Plan]) -> Iterator[Unused]:
    """Images that nothing names, each once, and the blobs that then nobody needs."""
    used = _digests(plans) | {row.digest for row in service_catalog.read().values()}
    everything = registry_storage.images()
    gone = [i for i in everything if i.digest not in used and _old(i.link)]
    retained_digests = {image.digest for image in everything} - {image.digest for image in gone}
    blobs = [path for path in registry_storage.unreachable(retained_digests) if _old(path)]
    for image in gone:
        yield Unused(
            kind="service image",
            name=f"{image.repository}@{image.digest[:19]}",
            size=0,
            remove=_forget_image(image),
        )
    for path in blobs:
        yield Unused(
            kind="layer",
            name=path.name[:12],
            size=registry_storage.size(path),
            remove=_forget_blob(path),
        )


def _forget_image(image: registry_storage.Image) -> Callable[[], None]:
    return lambda: registry_storage.forget(image)


def _forget_blob(path: Path) -> Callable[[], None]:
    return lambda: registry_storage.forget_blob(path)


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


def _old_image(digest: str) -> bool:
    links = [image.link for image in registry_storage.images() if image.digest == digest]
    return all(_old(link) for link in links)


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
                    remove=_unlink(going),
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


def _unlink(files: Iterable[Path]) -> Callable[[], None]:
    def remove() -> None:
        for file in files:
            file.unlink(missing_ok=True)

    return remove


def _with_state() -> Iterator[str]:
    folder = state.folder_of(backend())
    for file in sorted((folder / "stacks" / state.PROJECT).glob("*.json")) if folder else ():
        yield file.stem


def _folder(kind: str, name: str, folder: Path) -> Unused:
    def remove() -> None:
        cache.discard(folder)
        if folder.exists():
            shutil.rmtree(folder)

    return Unused(kind=kind, name=name, size=registry_storage.size(folder), remove=remove)


def _old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > RECENT
