"""The Pulumi program: the lab file of the stack becomes a plan, and the plan resources."""

import pulumi

from components.lab import Lab
from isolab.plan.serialize import dumps
from machine import keys, stack
from machine.deployment.standing import standing
from machine.images import service_images
from machine.images.builds import BuildFailed

config = pulumi.Config("isolab")
seed = config.require("seed")
try:
    stack.build(config.require("lab"), pulumi.log.info)
    deployment = stack.plan(pulumi.get_stack(), config.require("lab"), config.get("cidr"))
except (stack.BrokenLabFile, stack.NotPrepared, BuildFailed) as error:
    raise pulumi.RunError(str(error)) from None
Lab(
    deployment.plan.stack,
    plan=deployment.plan,
    image=deployment.image,
    seed=seed,
    keys=keys.materialise(deployment.plan, seed),
    registry=service_images.registry_files(),
    folder=deployment.folder,
    standing=standing(deployment.plan),
)
pulumi.export("plan", dumps(deployment.plan, keys.fingerprint_key(deployment.plan.stack)))
pulumi.export("endpoints", {e.service: e.url for e in deployment.plan.endpoints})
