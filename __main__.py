"""The Pulumi program: the lab file of the stack becomes a plan, and the plan resources."""

import asyncio

import pulumi

from components.lab import Lab
from isolab.plan.serialize import dumps
from machine import keys, stack
from machine.deployment.parts import parts
from machine.deployment.untraced import untraced
from machine.images.builds import BuildFailed

config = pulumi.Config("isolab")
seed = config.require("seed")
try:
    stack.build(config.require("lab"), pulumi.log.info)
    deployment = stack.plan(pulumi.get_stack(), config.require("lab"), config.get("cidr"))
except (stack.BrokenLabFile, stack.NotPrepared, BuildFailed) as error:
    raise pulumi.RunError(str(error)) from None
with untraced():
    Lab(deployment.plan.stack, **parts(deployment, seed))
pulumi.export("plan", dumps(deployment.plan, keys.fingerprint_key(deployment.plan.stack)))
pulumi.export("endpoints", {e.service: e.url for e in deployment.plan.endpoints})
# Once the registrations have begun, the SDK waits for one after the other. Without this it waits
# for all their outputs at each of them, in time that grows with the square of the lab.
pulumi.run(lambda: asyncio.sleep(0))
