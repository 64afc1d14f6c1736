"""From a stack's configuration to its plan on this machine."""

from dataclasses import dataclass
from pathlib import Path

from isolab import labfile, rules
from isolab.model import Lab, Problem
from isolab.plan.make import make_plan
from isolab.plan.model import GuestImage, Plan, Surroundings
from machine import guest_image, kvm, paths, service_images


class BrokenLabFile(Exception):
    """A lab file with problems; its text is a line for each."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A plan and the image that its guests boot from on this machine."""

    plan: Plan
    image: GuestImage


def lab_file(lab: str) -> Path:
    """stacks/LAB.yaml, or the file itself where a path is given."""
    return Path(lab) if lab.endswith((".yaml", ".yml")) else paths.REPO / "stacks" / f"{lab}.yaml"
