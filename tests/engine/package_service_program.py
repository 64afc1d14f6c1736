"""A consumer of the package `isolab`: one service on a Docker that is somewhere."""

import json
from pathlib import Path
from typing import Any

import pulumi

wanted = json.loads(Path("scenario.json").read_text())


class Service(pulumi.ComponentResource):
    """What a generated SDK has."""

    containers: pulumi.Output[dict[str, str]]
    endpoints: pulumi.Output[list[str]]

    def __init__(self, name: str, inputs: dict[str, Any]) -> None:
        outputs = dict.fromkeys(("containers", "endpoints"))
        super().__init__("isolab:index:Service", name, {**outputs, **inputs}, None, remote=True)


if wanted:
    key = pulumi.Output.secret(wanted["key"])
    seed = pulumi.Output.secret("5eed" * 16)
    # The way there is known only when what it comes from is made.
    way = pulumi.Output.from_input(wanted["way"])
    service = Service(
        "web", {**wanted["inputs"], "sshOptions": way, "privateKey": key, "seed": seed}
    )
    pulumi.export("endpoints", service.endpoints)
    pulumi.export("containers", service.containers)
