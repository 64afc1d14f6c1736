#!/bin/sh
# A resource transform in Python cannot give back the options of a resource with a replacement trigger.
#
# Package:   pulumi 3.272.0, the Python SDK; resource transforms (register_resource_transform).
# Behaviour: the trigger of the options that a transform returns is written as a plain value where the
#            protocol has a protobuf Value: a TypeError, and the deployment fails. Returning the very
#            options that the transform was given is enough.
# Effect:    a transform of a program that has a lab fails at its containers and data disks, which have
#            a trigger. It has to return ResourceTransformResult(props, None): then the options stay.
# Seen:      2026-11-28, CPython 3.11:
#
#     options without a trigger: taken
#     options with a trigger: Parameter to initialize message field must be dict or instance of same
#     class: expected <class 'google.protobuf.struct_pb2.Value'> got <class 'str'>.
#
# Exit code 0: as described; 1: it changed; 3: Python or the package is not to be had.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install --quiet pulumi==3.272.0 ||
    { echo "needs Python with venv, and the package pulumi" >&2; exit 3; }
cat >"$folder/main.py" <<'PROGRAM'
import asyncio
import sys

import pulumi
from pulumi.runtime._callbacks import _CallbackServicer


async def taken(options: pulumi.ResourceOptions) -> bool:
    servicer = _CallbackServicer.__new__(_CallbackServicer)
    try:
        await servicer._transformation_resource_options(options, "name")
    except TypeError as error:
        print(error)
        return False
    print("taken")
    return True


async def main() -> bool:
    print("options without a trigger: ", end="")
    plain = await taken(pulumi.ResourceOptions(protect=True))
    print("options with a trigger: ", end="")
    trigger = await taken(pulumi.ResourceOptions(replacement_trigger="once"))
    return plain and not trigger


sys.exit(0 if asyncio.run(main()) else 1)
PROGRAM
"$folder/venv/bin/python" "$folder/main.py"
