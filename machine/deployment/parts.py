"""All that the component of a lab is made from, for a program that runs inside the engine."""

from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from isolab.plan.model import GuestImage, Plan
from machine import keys
from machine.deployment.standing import Program, Standing, standing
from machine.images import registry_view, service_images
from machine.images.service_images import RegistryFiles
from machine.keys import KeyFiles
from machine.stack import Deployment


class Parts(TypedDict):
    """The component's arguments, by their names."""

    plan: Plan
    image: GuestImage
    seed: str
    keys: KeyFiles
    registry: RegistryFiles
    folder: Path
    standing: Standing


def parts(deployment: Deployment, seed: str, program: Program | None = None) -> Parts:
    """What is there on this machine, and the stack's key files, which this writes."""
    return Parts(
        plan=deployment.plan,
        image=deployment.image,
        seed=seed,
        keys=keys.materialise(deployment.plan, seed),
        registry=replace(
            service_images.registry_files(), repositories=str(registry_view.write(deployment.plan))
        ),
        folder=deployment.folder,
        standing=standing(deployment.plan, program),
    )
