"""libvirt's firewall beside Docker's: which it is, and what doctor says of it."""

import pytest

from machine.setup import doctor, firewall

DEBIAN_13 = """#   If firewall_backend isn't configured, libvirt will choose the
#   first available backend from the following list:
#
#     [iptables, nftables]
#
#firewall_backend = "iptables"
"""
FEDORA = DEBIAN_13.replace("[iptables, nftables]", "[nftables, iptables]")
BOTH = ("iptables", "nft")


@pytest.mark.parametrize(
    ("settings", "commands", "backend"),
    [
        (DEBIAN_13, BOTH, "iptables"),
        (DEBIAN_13, ("nft",), "nftables"),
        (DEBIAN_13, (), None),
        (FEDORA, BOTH, "nftables"),
        (FEDORA, ("iptables",), "iptables"),
        (f'{FEDORA}firewall_backend = "iptables"\n', BOTH, "iptables"),
        (f'{DEBIAN_13}firewall_backend = "nftables"\n', BOTH, "nftables"),
        ("# a file of another kind\n", BOTH, None),
    ],
)
def test_the_setting_decides_then_the_distributions_order(
    settings: str, commands: tuple[str, ...], backend: str | None
) -> None:
    assert firewall.backend_of(settings, lambda command: command in commands) == backend


@pytest.mark.parametrize(
    ("backend", "drops", "verdict"),
    [
        ("iptables", None, "ok"),
        ("nftables", False, "ok"),
        ("nftables", True, "unusable"),
        ("nftables", None, "unknown"),
    ],
)
def test_dockers_policy_cuts_off_guests_whose_rules_are_in_nftables(
    backend: firewall.Backend, drops: bool | None, verdict: str
) -> None:
    check = doctor.firewall_check(backend, drops)
    assert check.verdict == verdict
    assert bool(check.fix) == (verdict != "ok")
    assert doctor.able([check])
