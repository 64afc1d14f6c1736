"""Ways to a Docker that is somewhere, for the components that need no guest of their own."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pulumi
import pulumi_command as command
import pulumi_docker as docker
from pulumi_command import remote

from components.guest import DIALS


def dockerd(
    self: pulumi.ComponentResource, name: str, args: Mapping[str, Any]
) -> pulumi.ProviderResource:
    """The Docker that is named, else the one that the component is given."""
    host, given = args.get("docker_host"), self.get_provider("docker:index/container:Container")
    if host is None:
        if given is None:
            reason = "is missing, and no Docker provider is given"
            raise pulumi.InputPropertyError("dockerHost", reason)
        return given
    return docker.Provider(
        f"{name}-docker",
        host=host,
        ssh_opts=args.get("ssh_options"),
        opts=pulumi.ResourceOptions(parent=self),
    )


def over_ssh(
    self: pulumi.ComponentResource, name: str, connection: remote.ConnectionArgs | None
) -> list[pulumi.ProviderResource] | None:
    """Of files; who makes the component may give its own."""
    if connection is None or self.get_provider("command:remote:Command"):
        return None
    mine = pulumi.ResourceOptions(parent=self)
    return [command.Provider(f"{name}-command", opts=mine)]


def connection(args: Mapping[str, Any]) -> remote.ConnectionArgs | None:
    """The way to the Docker's machine, where there are files to write."""
    key, host = args.get("private_key"), args.get("docker_host")
    if key is None or host is None:
        return None
    there = pulumi.Output.from_input(host).apply(urlsplit)
    return remote.ConnectionArgs(
        host=there.apply(lambda url: url.hostname or ""),
        port=there.apply(lambda url: url.port or 22),
        user=there.apply(lambda url: url.username or "root"),
        private_key=pulumi.Output.secret(key),
        host_key=args.get("host_key"),
        dial_error_limit=DIALS,
        per_dial_timeout=10,
    )


def address(host: str) -> str:
    """The name or address in the URL of a Docker."""
    return urlsplit(host).hostname or "localhost"
