"""Where apt gets Debian's packages, for a release that this machine need not run itself."""

import re
import subprocess
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from machine.images.service_catalog import SUITE
from machine.steps import Unable, run

COMPONENT = "main"
RELEASES = frozenset(
    {
        SUITE,
        "trixie",
        "forky",
        "duke",
        "sid",
        "oldoldstable",
        "oldstable",
        "stable",
        "testing",
        "unstable",
    }
)
"""What Debian's own suites are called; the mirror of one has the others too."""
POCKETS = ("", "-updates", "-security")
"""What stands behind a release's name where packages of it are that images take."""
MIRROR_LIST = "mirror+file:"
"""Begins the address of a list of mirrors, as Debian's cloud images have it."""
KEYRINGS = (
    Path("/etc/apt/trusted.gpg.d"),
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
)
"""What Debian's own archives are signed with."""
SIGNED_BY = re.compile(r"\bsigned-by\s*[:=]\s*(/[^\s,\]]+)", re.IGNORECASE)


class NoSource(Unable):
    """apt on this machine knows no mirror of Debian."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """An index of packages that apt has."""

    origin: str
    """As the archive calls itself."""
    site: str
    release: str
    """As the sources say it: a codename, or a word like stable."""
    component: str
    entry: str = ""
    """The file of its source."""


def lines() -> list[str]:
    """Source lines of the images' release, from the mirrors that this machine's apt knows.

    Raises:
        NoSource: It knows none.
    """
    return lines_of(_targets(), _with_base_files())


def keyrings() -> list[str]:
    """mmdebstrap's options for what the archives behind these lines are signed with."""
    entries = {target.entry for target in _targets()}
    own = {Path(name) for entry in entries for name in signed_by(_text(entry))}
    found = (path for path in (*KEYRINGS, *sorted(own - set(KEYRINGS))) if path.exists())
    return [f"--keyring={path}" for path in found]


def lines_of(targets: Sequence[Target], with_base_files: Collection[str]) -> list[str]:
    """The same, from what apt said.

    Args:
        targets: All indexes that it has.
        with_base_files: The sites with a package that every release of Debian, and nobody
            else, has: a mirror that is signed again may call its origin as it likes.
    """
    debian = [
        (target, pocket)
        for target in targets
        if target.component == COMPONENT
        and (pocket := _pocket(target.release)) is not None
        and (target.origin == "Debian" or target.site in with_base_files or pocket == "-security")
    ]
    # Where there are sources of the release itself, nothing has to be derived from others.
    exact = [(target, pocket) for target, pocket in debian if target.release == SUITE + pocket]
    if not any(not pocket for _, pocket in exact):
        exact = debian
    chosen = dict.fromkeys((target.site, SUITE + pocket) for target, pocket in exact)
    if SUITE not in {release for _, release in chosen}:
        raise NoSource(
            f"apt on this machine has no mirror of Debian, which the images are built from "
            f"(Debian {SUITE})",
            f"add a source of Debian {SUITE} to /etc/apt/sources.list.d, signed by the keyring of "
            "debian-archive-keyring, then: apt-get update. Where the machine is no Debian, a pin "
            "with `Pin-Priority: -1` in /etc/apt/preferences.d, written before, prevents that it "
            "installs packages from there",
        )
    return [f"deb {site} {release} {COMPONENT}" for site, release in chosen]


def targets_of(listing: str) -> list[Target]:
    """Out of lines of ORIGIN SITE RELEASE COMPONENT ENTRY with tabs between."""
    rows = (line.split("\t") for line in listing.splitlines())
    return [
        Target(
            origin=origin,
            site=site,
            release=release,
            component=component,
            entry=entry.rpartition(":")[0],
        )
        for origin, site, release, component, entry in rows
        # An installation medium is not always there.
        if not site.startswith("cdrom:")
    ]


def sites_of(madison: str) -> frozenset[str]:
    """Out of apt-cache's listing of PACKAGE | VERSION | SITE RELEASE/COMPONENT …."""
    return frozenset(
        line.rpartition("|")[2].split()[0] for line in madison.splitlines() if "|" in line
    )


def signed_by(source: str) -> list[str]:
    """The keyrings that a file of sources names."""
    return SIGNED_BY.findall(source)


def first_mirror(listing: str) -> str | None:
    """The first address of a list of mirrors."""
    rows = (line.split() for line in listing.splitlines())
    return next((row[0].rstrip("/") for row in rows if row and not row[0].startswith("#")), None)


def _pocket(release: str) -> str | None:
    """What stands behind the name of a release of Debian; None where it is no such thing."""
    for pocket in POCKETS:
        if release.endswith(pocket) and release.removesuffix(pocket) in RELEASES:
            return pocket
    return None


def _targets() -> list[Target]:
    fields = ("ORIGIN", "SITE", "RELEASE", "COMPONENT", "SOURCESENTRY")
    format = "\t".join(f"$({field})" for field in fields)
    said = run(["apt-get", "indextargets", "--format", format, "Created-By: Packages"])
    return list(_without_lists(targets_of(said)))


def _without_lists(targets: Iterable[Target]) -> Iterable[Target]:
    """Each with a mirror of its own: in an image the list of mirrors is not there."""
    for target in targets:
        if site := _resolved(target.site):
            yield replace(target, site=site)


def _resolved(site: str) -> str | None:
    if not site.startswith(MIRROR_LIST):
        return site
    return first_mirror(_text(site.removeprefix(MIRROR_LIST)))


def _with_base_files() -> frozenset[str]:
    done = subprocess.run(
        ["apt-cache", "madison", "base-files"], capture_output=True, text=True, check=False
    )
    return frozenset(filter(None, map(_resolved, sites_of(done.stdout))))


def _text(file: str) -> str:
    try:
        return Path(file).read_text(errors="replace")
    except OSError:
        return ""
