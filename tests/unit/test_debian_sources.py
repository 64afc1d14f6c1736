"""The images' release out of whatever sources of Debian a machine has."""

import pytest

from machine.images import debian_sources
from machine.images.debian_sources import NoSource, Target, lines_of

MIRROR, SECURITY = "http://mirror.example/debian", "http://mirror.example/security"
BOOKWORM = [
    f"deb {MIRROR} bookworm main",
    f"deb {MIRROR} bookworm-updates main",
    f"deb {SECURITY} bookworm-security main",
]


def target(release: str, site: str = MIRROR, origin: str = "Debian") -> Target:
    return Target(origin=origin, site=site, release=release, component="main")


@pytest.mark.parametrize("release", ["bookworm", "trixie", "stable", "oldstable", "sid"])
def test_a_mirror_of_any_release_has_bookworm_too(release: str) -> None:
    targets = [
        target(release),
        target(release),
        target(f"{release}-updates"),
        target(f"{release}-security", SECURITY),
        target(f"{release}-backports"),
        target(release, "http://vendor.example", "Vendor"),
        target("nodistro", "http://vendor.example", ""),
    ]
    assert lines_of(targets, ()) == BOOKWORM


def test_sources_of_bookworm_itself_come_before_derived_ones() -> None:
    targets = [target("trixie", "http://new.example"), target("bookworm")]
    assert lines_of(targets, ()) == BOOKWORM[:1]


def test_a_leftover_pocket_of_bookworm_does_not_hide_the_mirror() -> None:
    targets = [target("trixie"), target("bookworm-security", SECURITY)]
    assert lines_of(targets, ()) == [BOOKWORM[0], BOOKWORM[2]]


def test_a_mirror_that_was_signed_again_is_known_by_what_it_has() -> None:
    targets = [
        target("stable", origin="Company, Inc."),
        target("stable-security", SECURITY, "Company, Inc."),
        target("stable", "http://vendor.example", "Vendor"),
    ]
    assert lines_of(targets, {MIRROR}) == [BOOKWORM[0], BOOKWORM[2]]


@pytest.mark.parametrize(
    "targets",
    [
        [],
        [target("noble", "http://ubuntu.example", "Ubuntu")],
        [target("bookworm", "http://vendor.example", "Vendor")],
        [target("bookworm-security", SECURITY)],
    ],
)
def test_a_machine_without_a_mirror_of_debian_is_not_fit(targets: list[Target]) -> None:
    with pytest.raises(NoSource) as caught:
        lines_of(targets, ())
    assert "apt-get update" in caught.value.hint


def test_what_apt_says_is_read_whatever_is_in_it() -> None:
    listing = (
        f"Debian\t{MIRROR}\ttrixie\tmain\t/etc/apt/sources.list.d/debian.sources:1\n"
        "Vendor, Inc.\thttp://vendor.example\tstable\tmain\t/etc/apt/sources.list:7\n"
        "Debian\tcdrom:[Debian GNU/Linux 13 - amd64]/\ttrixie\tmain\t/etc/apt/sources.list:1\n"
    )
    assert [(row.origin, row.site, row.entry) for row in debian_sources.targets_of(listing)] == [
        ("Debian", MIRROR, "/etc/apt/sources.list.d/debian.sources"),
        ("Vendor, Inc.", "http://vendor.example", "/etc/apt/sources.list"),
    ]
    assert debian_sources.sites_of(
        f" base-files | 12.4 | {MIRROR} bookworm/main amd64 Packages\n"
    ) == {MIRROR}


def test_keyrings_are_named_in_both_forms_of_sources() -> None:
    assert debian_sources.signed_by(
        "Types: deb\nSigned-By: /usr/share/keyrings/one.gpg\n"
        "deb [arch=amd64 signed-by=/etc/apt/keyrings/two.asc,/three.gpg] http://x stable main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
    ) == ["/usr/share/keyrings/one.gpg", "/etc/apt/keyrings/two.asc"]


def test_a_list_of_mirrors_is_followed_to_its_first() -> None:
    assert debian_sources.first_mirror(f"# ours\n\n{MIRROR}/\tpriority:1\nhttp://b\n") == MIRROR
    assert debian_sources.first_mirror("") is None
