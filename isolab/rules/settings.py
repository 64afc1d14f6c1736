"""Rules about single words that Docker, or its provider, refuses when a container is made."""

import re
from collections.abc import Iterator

from isolab.labfile.syntax.node import did_you_mean
from isolab.model import Healthcheck, Lab, Path, Problem
from isolab.rules.problem import item, problem, unknown, warning
from isolab.units import Seconds

_NAMES = (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT "
    "STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
)
SIGNALS = frozenset(
    [*_NAMES.split(), *(f"RTMIN+{n}" for n in range(1, 16)), *(f"RTMAX-{n}" for n in range(1, 15))]
)
LAST_SIGNAL = 64
SECURITY = ("apparmor", "label", "no-new-privileges", "seccomp")
_FLAGS = ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False")
_MOUNT_WORDS = (
    "ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime noatime "
    "diratime nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave "
    "rslave relatime norelatime strictatime nostrictatime defaults"
)
MOUNT_FLAGS = frozenset(_MOUNT_WORDS.split())
MOUNT_VALUES = {
    "size": (r"\d+[kKmMgG%]?", "a size such as 16m"),
    "mode": (r"[0-7]{1,5}", "a mode in octal such as 1777"),
    "uid": (r"\d+", "a number"),
    "gid": (r"\d+", "a number"),
    "nr_inodes": (r"\d+[kKmMgG]?", "a number"),
    "nr_blocks": (r"\d+[kKmMgG]?", "a number"),
    "mpol": (r".+", "a memory policy"),
}
SHORTEST = Seconds(0.001)
"""Docker takes no shorter time in a healthcheck, except none at all."""

LATE = Seconds(120.0)
"""An interval after which the wait for the first check is told."""


def signals_are_known(lab: Lab) -> Iterator[Problem]:
    """With or without SIG, in any case, or a number."""
    for service in lab.services:
        given = service.stop_signal
        if not given or (given.isdecimal() and 0 < int(given) <= LAST_SIGNAL):
            continue
        if given.upper().removeprefix("SIG") not in SIGNALS:
            names = [f"SIG{name}" for name in SIGNALS if "RT" not in name]
            hint = did_you_mean(given.upper(), names) or "for example SIGTERM"
            path = ("services", service.name, "stop_signal")
            yield problem(lab, path, f"{given!r} is not a signal", hint)


def security_options_are_known(lab: Lab) -> Iterator[Problem]:
    """Docker's daemon takes fewer than its command line, which reads profiles from files."""
    for service in lab.services:
        for index, option in enumerate(service.security_opt):
            path = ("services", service.name, "security_opt", index)
            name, _, value = option.partition("=" if "=" in option else ":")
            if name not in SECURITY and option != "disable":
                yield unknown(lab, path, "security option", name, SECURITY)
            elif name == "no-new-privileges" and option != name and value not in _FLAGS:
                yield problem(lab, path, f"{value!r} given, expected true or false")
            elif name == "seccomp" and value != "unconfined" and not value.startswith("{"):
                hint = "give the profile as JSON, or remove it to use Docker's default"
                yield problem(lab, path, "expected seccomp=unconfined, or a profile in JSON", hint)
            elif name in ("apparmor", "label") and not value:
                yield problem(lab, path, f"{name} has no value", f"for example {name}=unconfined")


def tmpfs_options_are_known(lab: Lab) -> Iterator[Problem]:
    """Docker looks at the names, and the kernel at the values, once the container starts."""
    for service in lab.services:
        for index, entry in enumerate(service.tmpfs):
            path = item(lab, ("services", service.name, "tmpfs"), "", index)
            for option in filter(None, entry.partition(":")[2].split(",")):
                name, separator, value = option.partition("=")
                if option in MOUNT_FLAGS:
                    continue
                if name not in MOUNT_VALUES or not separator:
                    known = (*MOUNT_VALUES, *MOUNT_FLAGS)
                    hint = did_you_mean(name, known) or "for example size=16m or mode=1777"
                    yield problem(lab, path, f"a tmpfs has no option {option!r}", hint)
                elif not re.fullmatch(MOUNT_VALUES[name][0], value, re.ASCII):
                    words = MOUNT_VALUES[name][1]
                    yield problem(lab, path, f"{option!r} given, expected {words} for {name}")


def commands_have_no_empty_words(lab: Lab) -> Iterator[Problem]:
    """Pulumi's official provider of Docker refuses them, in a command alone."""
    for service in lab.services:
        for index, word in enumerate(service.command or ()):
            if not word:
                yield problem(
                    lab,
                    item(lab, ("services", service.name, "command"), "", index),
                    "a command cannot have an empty argument",
                    """use a shell: [sh, -c, 'program ""'], or put it into entrypoint""",
                )


def health_times_are_long_enough(lab: Lab) -> Iterator[Problem]:
    """Docker refuses times below a millisecond, which is what a number without its unit becomes."""
    for service in lab.services:
        for key, seconds in _times(service.healthcheck):
            if 0 < seconds < SHORTEST:
                path: Path = ("services", service.name, "healthcheck", key)
                yield problem(lab, path, "Docker accepts no duration below 1ms", "for example 1s")


def late_first_checks_are_told(lab: Lab) -> Iterator[Problem]:
    """Docker checks for the first time after a whole interval: an up waits until then."""
    for service in lab.services:
        check = service.healthcheck
        if check and check.test != ("NONE",) and check.interval > LATE:
            yield warning(
                lab,
                ("services", service.name, "healthcheck", "interval"),
                f"./lab up waits {check.interval:g} s for {service.name}: "
                "Docker checks after an interval for the first time",
                "a shorter interval, for example 30s",
            )


def _times(check: Healthcheck | None) -> tuple[tuple[str, Seconds], ...]:
    if check is None:
        return ()
    return (
        ("interval", check.interval),
        ("timeout", check.timeout),
        ("start_period", check.start_period),
    )
