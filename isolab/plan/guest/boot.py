"""What a guest does before its Docker, now and at each boot: its packet filter, its addresses."""

from collections.abc import Iterable, Iterator

from isolab.plan.model import Guest
from isolab.plan.network.firewall import LOAD

FILTER = "/etc/isolab/firewall"
ADDRESSES = "/etc/isolab/addresses"
"""A list of addresses that is a script too."""
_UNITS = "/etc/systemd/system"
_WANTED = f"{_UNITS}/docker.service.requires"
_ONLINE = ("Wants=network-online.target", "After=network-online.target")


def script(ruleset: str, guest: Guest) -> str:
    """What a guest's shell runs: both hold at once, and from then on at each boot."""
    lines = (
        f"mkdir -p {FILTER.rpartition('/')[0]} {_WANTED}",
        *_written(FILTER, ruleset.splitlines()),
        *_before_docker("firewall", "Which services reach which", f"{LOAD} {FILTER}"),
        # What a former list has, and this one no more.
        f"[ ! -e {ADDRESSES} ] || sed s/replace/delete/ {ADDRESSES} | sh",
        f"rm -f {ADDRESSES} {_WANTED}/{_unit('addresses')}",
        *(_further(guest) if guest.further_addresses else ()),
    )
    return "".join(f"{line}\n" for line in lines)


def _further(guest: Guest) -> Iterator[str]:
    device = f"$(grep -lix {guest.mac} /sys/class/net/*/address | cut -d/ -f5)"
    wanted = (f"ip address replace {a}/32 dev {device}" for a in guest.further_addresses)
    yield from _written(ADDRESSES, wanted)
    run = f"/bin/sh -e {ADDRESSES}"
    yield from _before_docker("addresses", "Further addresses for published ports", run, *_ONLINE)


def _before_docker(name: str, description: str, command: str, *when: str) -> Iterator[str]:
    """A unit without which Docker does not start; its command runs now, too."""
    unit = (
        "[Unit]", f"Description={description}", *when, "Before=docker.service", "",
        "[Service]", "Type=oneshot", "RemainAfterExit=yes", f"ExecStart={command}",
    )  # fmt: skip
    yield from _written(f"{_UNITS}/{_unit(name)}", unit)
    yield f"ln -sf ../{_unit(name)} {_WANTED}/{_unit(name)}"
    yield command


def _unit(name: str) -> str:
    return f"isolab-{name}.service"


def _written(file: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"cat > {file} <<'end'"
    yield from lines
    yield "end"
