"""From a stack's name and lab file to its plan on this machine."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from isolab import labfile
from isolab.model import Lab, Problem
from isolab.plan.model import GuestImage, Plan, Surroundings
from isolab.plan.read import plan_lab
from machine import guest_image, keys, kvm, own_images, paths, service_images


class BrokenLabFile(Exception):
    """A lab file with problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class NotPrepared(Exception):
    """Something that a lab stands on is not on this machine yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A plan and the image that its guests boot from on this machine."""

    plan: Plan
    image: GuestImage


def lab_file(lab: str) -> Path:
    """stacks/LAB.yaml, or the file itself where a path is given."""
    return Path(lab) if lab.endswith((".yaml", ".yml")) else paths.REPO / "stacks" / f"{lab}.yaml"


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


def with_images(lab: Lab, around: Surroundings) -> Surroundings:
    """The same, with what there is to know of the images of the user's own that a lab names."""
    return replace(around, images=own_images.find(lab))


def plan(stack: str, lab: str, cidr: str | None) -> Deployment:
    """What to deploy.

    Raises:
        BrokenLabFile: The lab file has problems.
        NotPrepared: There is no guest image yet.
    """
    around = surroundings(stack, cidr)
    read = labfile.load(lab_file(lab), os.environ)
    planned = plan_lab(read, with_images(read, around)) if isinstance(read, Lab) else read
    if isinstance(planned, tuple):
        raise BrokenLabFile(planned)
    if around.guest_image is None:
        raise NotPrepared("there is no guest image on this machine: ./lab up makes it")
    return Deployment(plan=planned, image=around.guest_image)
