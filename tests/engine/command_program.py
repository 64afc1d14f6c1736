"""The program behind the records of the plugin `command`: one command over ssh, one here."""

import json
from pathlib import Path

import pulumi
import resource_options
from pulumi_command import local, remote

s = json.loads(Path("scenario.json").read_text())
resource_options.apply(s)
place = json.loads(Path("place.json").read_text())
host_key = place["host_keys"][s.get("hostkey", "good")]
if s.get("raise"):
    raise ValueError("a mistake in the program")
ready = remote.Command(
    "ready",
    connection=remote.ConnectionArgs(
        host="127.0.0.1",
        port=s.get("port", place["port"]),
        user=place["user"],
        private_key=pulumi.Output.secret(place["key"]),
        host_key=host_key,
        dial_error_limit=s.get("dials", 2),
        per_dial_timeout=3,
    ),
    create=s.get("create", "echo created; echo warn >&2"),
    update=s.get("update"),
    delete=s.get("delete", "echo deleted"),
    environment=s.get("env"),
    stdin=s.get("stdin"),
    triggers=s.get("triggers", ["a"]),
)
local.Command(
    "here",
    create=s.get("here", "echo local $X"),
    environment={"X": "1"},
    triggers=s.get("triggers", ["a"]),
)
if s.get("apply"):
    ready.stdout.apply(lambda _: 1 / 0)
