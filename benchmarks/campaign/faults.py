"""The campaign's faults, in an order that needs few boots of the guest."""

from collections.abc import Iterator
from functools import partial
from itertools import combinations_with_replacement

from benchmarks.campaign import actions
from benchmarks.campaign.fault import DOWN, STATUS, UP, Fault

RESET = ("reset", "--stack", "faults", "web")
CHECK = ("check", "--stack", "faults", "kernels")
COMMANDS = {"up": UP, "status": STATUS, "check": CHECK, "reset": RESET, "down": DOWN}
DAEMONS = ("libvirtd", "dockerd")


def _killed(suffix: str, words: tuple[str, ...], **rest: object) -> Iterator[Fault]:
    """Each process of a command, killed at points over its whole time."""
    targets = {
        "isolab": actions.kill_isolab,
        "engine": actions.kill_engine,
        "docker": partial(actions.kill_plugin, "docker"),
        "libvirt": partial(actions.kill_plugin, "libvirt"),
    }
    named = {
        "isolab": "isolab",
        "engine": "the engine",
        "docker": "the plugin docker",
        "libvirt": "the plugin libvirt",
    }
    for name, act in targets.items():
        yield Fault(
            name=f"kill-{name}-{suffix}",
            what=f"kill -9 of {named[name]} in {_told(suffix)}",
            act=act,
            words=words,
            spread=True,
            **rest,  # pyright: ignore[reportArgumentType]
        )


def _asked(suffix: str, words: tuple[str, ...], **rest: object) -> Iterator[Fault]:
    """A person, or the machine, asks a command to stop."""
    for name, what, act, terminal in (
        ("interrupt", "Ctrl-C", actions.interrupt, True),
        ("hang-up", "the terminal closed", actions.hang_up, True),
        ("terminate", "SIGTERM", actions.terminate, False),
    ):
        yield Fault(
            name=f"{name}-{suffix}",
            what=f"{what} in {_told(suffix)}",
            act=act,
            words=words,
            spread=True,
            terminal=terminal,
            **rest,  # pyright: ignore[reportArgumentType]
        )


def _without_daemon(suffix: str, words: tuple[str, ...], **rest: object) -> Iterator[Fault]:
    for daemon in DAEMONS:
        yield Fault(
            name=f"{daemon}-{suffix}",
            what=f"{daemon} stopped during {_told(suffix)}",
            act=partial(actions.stop_daemon_meanwhile, daemon),
            words=words,
            **rest,  # pyright: ignore[reportArgumentType]
        )


def _told(suffix: str) -> str:
    told = {
        "create": "the first seconds of a first up",
        "first": "an up with retained data",
        "up": "an up of a standing lab",
    }
    return told.get(suffix, f"a {suffix}")


def _pairs(*, with_down: bool) -> Iterator[Fault]:
    for one, other in combinations_with_replacement(COMMANDS, 2):
        if ("down" in (one, other)) == with_down:
            yield Fault(
                name=f"two-{one}-{other}",
                what=f"{one} and {other} at once",
                act=actions.nothing,
                words=COMMANDS[one],
                beside=COMMANDS[other],
            )


FAULTS: tuple[Fault, ...] = (
    *_killed("create", UP, begins="absent"),
    *_asked("create", UP, begins="absent"),
    *_without_daemon("create", UP, begins="absent"),
    *(
        Fault(
            name=f"full-{what}-create",
            what=f"no space for {what} in a first up",
            act=actions.nothing,
            first=act,
            begins="absent",
        )
        for what, act in (("pools", actions.fill_pools), ("state", actions.fill_state))
    ),
    *_killed("up", UP),
    *_asked("up", UP),
    *(
        Fault(
            name=f"cut-state-{name}",
            what=f"the state file cut off before a {name}",
            act=actions.nothing,
            first=actions.cut_state,
            words=COMMANDS[name],
            refused=True,
        )
        for name in ("status", "up", "down")
    ),
    *(
        Fault(
            name=f"{daemon}-status",
            what=f"{daemon} stopped before a status",
            act=actions.nothing,
            first=partial(actions.stop_daemon, daemon),
            words=STATUS,
        )
        for daemon in DAEMONS
    ),
    *_without_daemon("up", UP),
    Fault(
        name="full-state-up",
        what="no space for the state in an up of a standing lab",
        act=actions.nothing,
        first=actions.fill_state,
    ),
    *_pairs(with_down=False),
    *(
        Fault(
            name=f"guest-{name}",
            what=f"the guest switched off before a {name}",
            act=actions.nothing,
            first=actions.switch_off_guest,
            words=COMMANDS[name],
        )
        for name in ("status", "check", "reset")
    ),
    Fault(
        name="guest-up",
        what="the guest switched off in an up of a standing lab",
        act=actions.switch_off_guest_meanwhile,
    ),
    *_killed("down", DOWN, up_next=True),
    Fault(
        name="full-pools-first",
        what="no space for disks in an up with retained data",
        act=actions.nothing,
        first=actions.fill_pools,
        begins="retained",
    ),
    *_killed("first", UP, begins="retained"),
    *_asked("down", DOWN),
    *_without_daemon("down", DOWN),
    Fault(
        name="guest-down",
        what="the guest switched off before a down",
        act=actions.nothing,
        first=actions.switch_off_guest,
        words=DOWN,
    ),
    *_pairs(with_down=True),
)
