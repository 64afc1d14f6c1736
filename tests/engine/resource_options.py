"""For the tests' programs: options that a scenario gives to resources, by their names."""

from typing import Any

import pulumi


def apply(scenario: dict[str, Any]) -> None:
    """Gives each resource that `scenario["options"]` names its options, and all those of `*`."""
    given = scenario.get("options", {})

    def add(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_.startswith("pulumi:"):
            return None
        words = {**given.get("*", {}), **given.get(args.name, {})}
        if "custom_timeouts" in words:
            words["custom_timeouts"] = pulumi.CustomTimeouts(**words["custom_timeouts"])
        options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(**words))
        return pulumi.ResourceTransformationResult(args.props, options)

    if given:
        pulumi.runtime.register_stack_transformation(add)
