"""One stack and everything that isolab does to it by means of the engine."""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from isolab.plan import serialize
from isolab.plan.model import Plan
from machine import keys, paths
from machine import stack as machine_stack
from machine.deployment import checkpoints, config, drift, leftovers, locks, runs, state, watch
from machine.deployment.drift import Drifted
from machine.deployment.engine import Engine, EngineError, Outcome
from machine.deployment.events import Event
from machine.deployment.state import Resource, State
from machine.engine import environment
from machine.host import addresses
from machine.host.transport import GuestTransport, HostTransport
from machine.steps import Unable

Report = Callable[[str], None]
UNATTENDED = ("--yes", "--skip-preview")
LOCK_TIMEOUT = 60
"""Seconds to wait for another engine at work on the stack."""
LIBVIRT = "qemu:///system"


class Busy(Exception):
    """Another process changes the stack."""


class AnotherBackend(Unable):
    """The stack's state is not where it is looked for."""


def backend() -> str:
    """The URL of the backend that is in force."""
    return state.resolved((os.environ | environment.pulumi_environment())["PULUMI_BACKEND_URL"])


def _busy(stack: str, lock: locks.Lock) -> Busy:
    if lock.here:
        return Busy(f"stack {stack} is locked: process {lock.pid} changes it")
    return Busy(
        f"stack {stack} is locked: process {lock.pid} of machine {lock.host} changes it; "
        f"if this machine had that name before, rm {lock.file} removes the lock"
    )


class StackControl:
    """A stack: its configuration, its state, and the engine for it."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        variables = {**os.environ, **environment.pulumi_environment()}
        self._backend = state.resolved(variables["PULUMI_BACKEND_URL"])
        variables["PULUMI_BACKEND_URL"] = self._backend
        known = config.read(stack)
        if known and known.backend and known.backend != self._backend:
            raise AnotherBackend(
                f"stack {stack} uses the backend {known.backend}, "
                f"but {self._backend} is configured now; nothing was changed",
                f"set PULUMI_BACKEND_URL={known.backend} to use the stack's backend",
            )
        self._file = state.file(self._backend, stack)
        self._run = paths.home() / "runs" / stack
        self._engine = Engine(variables, paths.logs() / f"engine-{stack}.log", self._run)

    def state(self) -> State | None:
        """What the engine knows; None where it does not know the stack."""
        if self._file:
            return state.read(self._file, self.stack)
        try:
            return state.parse(self._engine.ask("stack", "export", "--stack", self.stack))
        except EngineError as error:
            if "no stack named" in str(error):
                return None
            raise

    def ensure(self, lab: str, *, choose_cidr: bool) -> None:
        """Make the stack known to the engine, with its lab, its subnet and its secret seed.

        Args:
            lab: As in its configuration: the lab file's name or path.
            choose_cidr: The lab file leaves the subnet open.
        """
        if self.state() is None:
            self._engine.ask("stack", "init", self.stack, "--no-select")
        known = config.read(self.stack) or config.StackConfig()
        if not known.seeded:
            seed = secrets.token_hex(32)
            self._engine.ask(
                "config", "set", "--secret", "isolab:seed", "--stack", self.stack, input=seed
            )
        values = [] if known.lab == lab else [f"isolab:lab={lab}"]
        if known.backend is None:
            values.append(f"isolab:backend={self._backend}")
        if choose_cidr and not known.cidr:
            chosen = addresses.choose(self.stack, config.reserved(self.stack), LIBVIRT)
            values.append(f"isolab:cidr={chosen}")
        if values:
            words = [word for value in values for word in ("--plaintext", value)]
            self._engine.ask("config", "set-all", *words, "--stack", self.stack)

    def up(self, outcome: Outcome) -> Iterator[Event]:
        """Make the lab what its file says."""
        return self._up(outcome)

    def up_replacing(self, outcome: Outcome, urns: Iterable[str]) -> Iterator[Event]:
        """The same, and these resources are recreated, with all that follows them."""
        words = [word for urn in urns for word in ("--replace", urn)]
        return self._up(outcome, *words)

    def _up(self, outcome: Outcome, *words: str) -> Iterator[Event]:
        def libvirt() -> str:
            plan = self._wanted()
            return plan.libvirt if plan else LIBVIRT

        events = self._engine.operate(outcome, "up", *UNATTENDED, *words, "--stack", self.stack)
        return watch.restarting(events, HostTransport(), libvirt)

    def preview(self, outcome: Outcome, lab: str | None = None) -> Iterator[Event]:
        """What `up` would do; with another lab, as if the stack's configuration named that one."""
        words = ("preview", "--stack", self.stack)
        if lab is None:
            return self._engine.operate(outcome, *words)
        return self._preview_of(outcome, lab, words)

    def _preview_of(self, outcome: Outcome, lab: str, words: tuple[str, ...]) -> Iterator[Event]:
        with config.with_lab(self.stack, lab) as file:
            yield from self._engine.operate(outcome, *words, "--config-file", str(file))

    def refresh(self, outcome: Outcome, urns: Iterable[str]) -> Iterator[Event]:
        """Look at what these resources have become."""
        targets = [word for urn in urns for word in ("--target", urn)]
        return self._engine.operate(
            outcome, "refresh", *UNATTENDED, *targets, "--stack", self.stack
        )

    def destroy(self, outcome: Outcome, keep: frozenset[str]) -> Iterator[Event]:
        """Remove everything but the resources to keep."""
        if keep:
            self._rewrite(lambda exported: state.standing_alone(exported, keep))
        known = self.state()
        going = known.resources if known and keep else ()
        targets = [word for r in going if r.urn not in keep for word in ("--target", r.urn)]
        return self._engine.operate(
            outcome, "destroy", *UNATTENDED, *targets, "--stack", self.stack
        )

    def drop(self, urns: Iterable[str]) -> None:
        """Let the engine forget resources, and operations that it began."""
        self._rewrite(lambda exported: state.without(exported, urns))

    def export(self) -> str:
        """The state as text, its secrets encrypted, for `take_back`."""
        return self._engine.ask("stack", "export", "--stack", self.stack)

    def take_back(self, exported: str) -> None:
        """Have the engine know what it knew when the state was exported."""
        self._rewrite(lambda _: exported)

    def _rewrite(self, change: Callable[[str], str]) -> None:
        exported = self.export()
        words = ("stack", "import", "--force", "--stack", self.stack)
        self._engine.ask(*words, input=change(exported))

    def forget(self) -> None:
        """Remove the stack itself: its state, its history, its checkpoints, its keys."""
        self._engine.ask("stack", "rm", "--yes", "--force", "--remove-backups", self.stack)
        checkpoints.forget(self.stack)
        shutil.rmtree(keys.folder(self.stack), ignore_errors=True)
        config.file(self.stack).unlink(missing_ok=True)
        for log in (paths.pulumi_home() / "logs").glob(f"*+{state.PROJECT}+{self.stack}-2*.log"):
            log.unlink(missing_ok=True)
        (paths.logs() / f"engine-{self.stack}.log").unlink(missing_ok=True)
        self._run.unlink(missing_ok=True)
        folder = state.folder_of(self._backend)
        if folder:
            for part in ("history", "backups", "locks/organization"):
                shutil.rmtree(folder / part / state.PROJECT / self.stack, ignore_errors=True)
            for file in (folder / "stacks" / state.PROJECT).glob(f"{self.stack}.json*"):
                file.unlink()

    def recover(self, report: Report) -> None:
        """Clear up behind an engine that was killed, so that the next one converges.

        What it had begun to make is removed, since nobody knows how far it got; what it had begun
        to change is looked at again.

        Raises:
            Busy: Another engine is at work.
        """
        self._clear_locks(report)
        known = self.state()
        if known is None or not known.pending:
            return
        report(f"an interrupted run left {len(known.pending)} operation(s) unfinished")
        runs.stop_orphans(self._run)
        begun = [p.resource for p in known.pending if p.operation == "creating"]
        for what in self.remove(begun, known):
            report(f"removed {what}, which was only partly created")
        self.drop(())
        touched = [
            p.resource.urn
            for p in known.pending
            if p.operation != "creating" and not p.resource.is_component
        ]
        if touched:
            for _ in self.refresh(Outcome(), touched):
                pass

    def remove(self, resources: Iterable[Resource], known: State) -> tuple[str, ...]:
        """Remove what resources stand for, without the engine."""
        plan = self.plan(known) or self._wanted()
        return leftovers.remove(
            resources,
            libvirt=plan.libvirt if plan else LIBVIRT,
            guests=self._ways_into(plan),
            guest_of=known.guest_of,
        )

    def standing(self) -> tuple[str, ...]:
        """What there still is of the stack, as libvirt and Docker say.

        Raises:
            Remains: One of them could not be asked.
        """
        plan = self.plan(self.state()) or self._wanted()
        return leftovers.standing(self.stack, plan.libvirt if plan else LIBVIRT)

    def drifted(self) -> tuple[Drifted, ...]:
        """What is not as the engine left it."""
        known = self.state()
        plan = self.plan(known)
        if known is None or plan is None:
            return ()
        return drift.drifted_resources(known, plan.libvirt, self._ways_into(plan))

    def start(self, drifted: Sequence[Drifted], report: Report) -> list[Resource]:
        """Start again what only stands still; what is left for the engine to look at."""
        plan = self.plan(self.state())
        libvirt = plan.libvirt if plan else LIBVIRT
        return list(drift.start(drifted, libvirt, self._ways_into(plan), report))

    def _ways_into(self, plan: Plan | None) -> dict[str, GuestTransport]:
        found = keys.files(self.stack)
        return {
            guest.name: GuestTransport(name=guest.name, address=guest.address, keys=found)
            for guest in (plan.guests if plan else ())
        }

    def plan(self, known: State | None) -> Plan | None:
        """The plan that was deployed last."""
        if known and known.plan:
            with suppress(ValueError):
                return serialize.loads(known.plan)
        return None

    def _wanted(self) -> Plan | None:
        """What the first `up` was to deploy, where it never came to its end."""
        wanted = config.read(self.stack)
        if wanted and wanted.lab:
            with suppress(machine_stack.BrokenLabFile, machine_stack.NotPrepared):
                return machine_stack.plan(self.stack, wanted.lab, wanted.cidr).plan
        return None

    def _clear_locks(self, report: Report) -> None:
        deadline = time.monotonic() + LOCK_TIMEOUT
        told = False
        while held := locks.locks(self._backend, self.stack, runs.noted(self._run)):
            stale = [lock for lock in held if lock.stale]
            if stale:
                runs.stop_orphans(self._run)
            for lock in stale:
                report(f"removed the lock of process {lock.pid}, which no longer runs")
                lock.file.unlink(missing_ok=True)
            alive = [lock for lock in held if not lock.stale]
            if alive and time.monotonic() > deadline:
                raise _busy(self.stack, alive[0])
            if alive and not told:
                report(f"waiting for process {alive[0].pid}, which changes this stack")
                told = True
            if alive:
                time.sleep(0.5)
