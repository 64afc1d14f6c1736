"""What can go wrong in a lab, each with the way back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.failover.scene import Scene
from isolab.plan.model import Guest

FROZEN = 60
"""Seconds that a guest stands still."""
CUT = 30
"""Seconds that a guest's cable is out, or its disk full."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    """For --only, and for tests."""
    what: str
    """As the table says it."""
    happen: Callable[[Scene], None]
    """Makes it happen and, where nothing comes back by itself, mends it."""


def _kill(service: str, scene: Scene) -> None:
    """As the kernel kills one that has no memory left: Docker starts it again."""
    name = scene.container(service, scene.last).name
    scene.guest(scene.last, f"kill -9 $(docker inspect -f '{{{{.State.Pid}}}}' {name})")


def _destroy(scene: Scene) -> None:
    scene.virsh("destroy", scene.last.domain)
    time.sleep(CUT)
    scene.virsh("start", scene.last.domain)


def _freeze(scene: Scene) -> None:
    scene.virsh("suspend", scene.last.domain)
    time.sleep(FROZEN)
    scene.virsh("resume", scene.last.domain)


def _fill(scene: Scene) -> None:
    """All that is free on the data disk: most at once, the rest until nothing more is taken."""
    folder = "/var/lib/docker/volumes"
    fill = f"""\
free=$(df --output=avail -BM {folder} | tail -n 1)
fallocate -l $((${{free%M}} - 16))M {folder}/full
dd if=/dev/zero of={folder}/rest bs=1M
true"""
    try:
        scene.guest(scene.last, fill)
        time.sleep(CUT)
    finally:
        scene.guest(scene.last, f"rm -f {folder}/full {folder}/rest")


def _cut(scene: Scene) -> None:
    scene.virsh("domif-setlink", scene.last.domain, scene.last.mac, "down")
    time.sleep(CUT)
    scene.virsh("domif-setlink", scene.last.domain, scene.last.mac, "up")


def _crash(scene: Scene) -> None:
    """A kernel that panics stands still for ever; a person switches the guest off and on."""
    scene.guest(scene.last, "nohup sh -c 'sleep 1; echo c >/proc/sysrq-trigger' >/dev/null 2>&1 &")
    time.sleep(CUT)
    scene.virsh("destroy", scene.last.domain)
    scene.virsh("start", scene.last.domain)


def _restart_balancer(scene: Scene) -> None:
    scene.host("docker", "restart", scene.balancer.container.name)


def _all_guests(scene: Scene) -> None:
    guests: tuple[Guest, ...] = scene.plan.guests
    for guest in guests:
        scene.virsh("destroy", guest.domain)
    for guest in guests:
        scene.virsh("start", guest.domain)


FAULTS: tuple[Fault, ...] = (
    Fault(name="web", what="a web container killed", happen=partial(_kill, "web")),
    Fault(name="db", what="a database container killed", happen=partial(_kill, "db")),
    Fault(name="guest", what="a guest switched off", happen=_destroy),
    Fault(name="frozen", what=f"a guest frozen for {FROZEN} s", happen=_freeze),
    Fault(name="full", what=f"a guest's data disk full for {CUT} s", happen=_fill),
    Fault(name="cut", what=f"a guest's network cut for {CUT} s", happen=_cut),
    Fault(name="crash", what="a guest's kernel crashed", happen=_crash),
    Fault(name="balancer", what="the balancer restarted", happen=_restart_balancer),
    Fault(name="all", what="all guests switched off at once", happen=_all_guests),
)
