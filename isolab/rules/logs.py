"""Rules about log drivers: each refuses options that it does not know, when a container is made."""

import re
from collections.abc import Iterator, Mapping

from isolab.model import Lab, Path, Problem
from isolab.rules.problem import problem, unknown

DEFAULT = "json-file"
"""What a guest's Docker writes with where the lab file names no driver."""
DRIVERS = (
    "awslogs",
    "fluentd",
    "gcplogs",
    "gelf",
    "journald",
    "json-file",
    "local",
    "logentries",
    "none",
    "splunk",
    "syslog",
)
_LABELLED = ("env", "env-regex", "labels", "labels-regex", "tag")
_EVERY = ("max-buffer-size", "mode")
_FILES = ("compress", "max-file", "max-size")
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "journald": _LABELLED,
    "json-file": (*_FILES, *_LABELLED),
    "local": _FILES,
    "syslog": (
        *_LABELLED,
        "syslog-address",
        "syslog-facility",
        "syslog-format",
        "syslog-tls-ca-cert",
        "syslog-tls-cert",
        "syslog-tls-key",
        "syslog-tls-skip-verify",
    ),
}
"""Options of the drivers that need nothing outside the guest; the others' are their own."""
_SIZE = r"\d+(?:\.\d+)* ?[kmgtp]?i?b?"
_FLAG = "1|t|true|0|f|false"
VALUES = {
    "compress": (_FLAG, "true or false"),
    "max-buffer-size": (_SIZE, "a size such as 4m"),
    "max-file": (r"0*[1-9]\d{0,8}", "a number of files, at least 1"),
    "max-size": (rf"(?!0+(?:\D|$)){_SIZE}", "a size such as 10m"),
    "mode": ("blocking|non-blocking|", "blocking or non-blocking"),
}
"""Option to what its value looks like, as a pattern and in words."""


def log_drivers_and_options_are_known(lab: Lab) -> Iterator[Problem]:
    """Docker makes no container whose driver does not take its options."""
    for service in lab.services:
        path: Path = ("services", service.name, "logging")
        driver = service.logging_driver or DEFAULT
        if driver not in DRIVERS:
            yield unknown(lab, (*path, "driver"), "log driver", driver, DRIVERS)
        elif driver != "none":
            yield from _options(lab, path, driver, service.logging_options)


def _options(lab: Lab, path: Path, driver: str, options: Mapping[str, str]) -> Iterator[Problem]:
    known = OPTIONS.get(driver)
    for name, value in options.items():
        where = (*path, "options", name)
        if known and name not in (*known, *_EVERY):
            yield unknown(lab, where, f"option of {driver}", name, (*known, *_EVERY))
        elif name in VALUES and (known or name in _EVERY):
            pattern, words = VALUES[name]
            if not re.fullmatch(pattern, value, re.ASCII | re.IGNORECASE):
                yield problem(lab, where, f"{value!r} given, expected {words}")
    if "max-buffer-size" in options and options.get("mode") != "non-blocking":
        where = (*path, "options", "max-buffer-size")
        yield problem(lab, where, "needs mode non-blocking", "mode: non-blocking")
    compressed = options.get("compress", "true" if driver == "local" else "false").lower()
    if known and options.get("max-file") == "1" and compressed in ("1", "t", "true"):
        where = (*path, "options", "max-file")
        yield problem(lab, where, "compression needs max-file of at least 2", 'compress: "false"')
