"""From a stack's name and lab file to its plan on this machine."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from isolab import labfile
from isolab.model import Lab, Problem
from isolab.plan.model import GuestImage, Plan, Surroundings
from isolab.plan.read import Examined, examine_lab
from machine import keys, paths
from machine.host import host_files, kvm, running
from machine.images import builds, guest_image, outside, own_images, service_images

Report = Callable[[str], None]


class BrokenLabFile(Exception):
    """A lab file with problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class NotPrepared(Exception):
    """Something that a lab stands on is not on this machine yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A plan, the image that its guests boot from, and where the lab file lies on this machine."""

    plan: Plan
    image: GuestImage
    folder: Path


def lab_file(lab: str) -> Path:
    """stacks/LAB.yaml, seen from here, or the file itself where a path is given."""
    if lab.endswith((".yaml", ".yml")):
        return Path(lab)
    path, here = paths.REPO / "stacks" / f"{lab}.yaml", Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def surroundings(stack: str, cidr: str | None) -> Surroundings:
    """What this machine adds to the lab file; asks nobody, so it is quick."""
    return Surroundings(
        stack=stack,
        cidr=cidr,
        kvm=kvm.works(),
        guest_image=guest_image.find(),
        digests=service_images.digests(),
        files=str(keys.folder(stack) / "files"),
    )


def examine_on_host(lab: Lab, around: Surroundings) -> Examined:
    """A lab with what its file names on this machine: images, folders to copy and build."""
    sources = {bind.source for service in lab.services for bind in service.binds}
    found = {source: host_files.look(Path(source)) for source in sorted(sources)}
    return examine_lab(
        lab,
        replace(
            around,
            images=own_images.find(lab),
            builds=builds.find(lab),
            host_files=found,
            digests={**outside.digests(lab), **around.digests},
        ),
    )


def examine_file_on_host(
    file: Path, variables: Mapping[str, str], around: Surroundings
) -> Examined:
    """The same from the lab file."""
    lab = labfile.load(file, variables)
    return examine_on_host(lab, around) if isinstance(lab, Lab) else Examined(plan=None, errors=lab)


def plan_on_host(lab: Lab, around: Surroundings) -> Plan | tuple[Problem, ...]:
    """The plan, or its errors."""
    examined = examine_on_host(lab, around)
    return examined.plan or examined.errors


def plan_file_on_host(
    file: Path, variables: Mapping[str, str], around: Surroundings
) -> Plan | tuple[Problem, ...]:
    """The same from the lab file."""
    lab = labfile.load(file, variables)
    return plan_on_host(lab, around) if isinstance(lab, Lab) else lab


def build(lab: str, report: Report) -> None:
    """Build the images that a lab file builds, where what they are made from changed.

    Raises:
        BuildFailed: One of them cannot be built.
    """
    read = labfile.load(lab_file(lab), os.environ)
    if isinstance(read, Lab):
        builds.ensure(read, report)


def plan(stack: str, lab: str, cidr: str | None) -> Deployment:
    """What to deploy.

    Raises:
        BrokenLabFile: The lab file has problems.
        NotPrepared: There is no guest image yet, or an image that the lab file builds is not.
    """
    file = lab_file(lab)
    read = labfile.load(file, os.environ)
    if not isinstance(read, Lab):
        raise BrokenLabFile(read)
    return plan_lab(stack, read, cidr, file.resolve().parent)


def plan_lab(stack: str, read: Lab, cidr: str | None, folder: Path) -> Deployment:
    """What to deploy of a lab that is already read; its file lies in the folder.

    Raises:
        BrokenLabFile: The lab has problems on this machine.
        NotPrepared: There is no guest image yet, or an image that the lab builds is not.
    """
    around = surroundings(stack, cidr)
    around = replace(around, kvm=_kvm(stack, read))
    planned = plan_on_host(read, around)
    if isinstance(planned, tuple):
        raise BrokenLabFile(planned)
    if around.guest_image is None:
        raise NotPrepared("there is no guest image on this machine: ./lab up makes it")
    waiting = sorted({c.service for c in planned.containers if c.build and not c.digest})
    if waiting:
        raise NotPrepared(f"the image of {waiting[0]} is not built: ./lab up builds it")
    return Deployment(plan=planned, image=around.guest_image, folder=folder)


def _kvm(stack: str, lab: Lab) -> bool:
    """Whether guests run under KVM where the lab file leaves it open; those that run stay as is."""
    finding = kvm.find()
    # No guest runs under a KVM that is not there.
    if finding.verdict == "absent" or lab.host.virtualization != "auto":
        return kvm.decide(finding, None)
    return kvm.decide(finding, running.under_kvm(stack, lab.host.libvirt))
