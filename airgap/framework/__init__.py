"""What every provider plugin shares: Pulumi's provider protocol over resource types.

A plugin is a `Plugin` value and a folder with `__main__.py` (see airgap.install):

    PLUGIN = Plugin(
        name="docker", version="5.1.1",
        config=Object({"host": Field(STRING), "sshOpts": Field(List(STRING))}),
        connect=lambda config: Client(config),        # made at the first use, once
        resources=(VolumeType(), ContainerType()),
    )
    def main() -> None:
        serve(PLUGIN)

A resource is a subclass of `ResourceType[Client]` with

- `token`          "docker:index/volume:Volume"
- `inputs`         Object({name: Field(kind, required=, default=, replaces=, …)}); an input
                   that is not in it is refused by name. Kinds, in `schema`: STRING, INTEGER,
                   NUMBER, BOOLEAN, ANY, List(kind), List(kind, ordered=False), Bag(kind) (in no
                   order either, and a difference is told of the whole), Map(kind), Object({...}).
- `computed`       names of outputs that are known only after a create (unknown in its preview)
- `unfilled`       names of outputs that the official plugin has and that stay empty here
- `instead`        what to use for an input that is refused: {"cpuShares": "cpus"}
- `problems(inputs)`                          further checks, yields (path, text)
- `create(context, inputs) -> Created(id, state)`
- `read(context, id, state) -> state | None`  None: it is gone. `state` is empty for an import
- `update(context, id, state, inputs) -> state`   only when no changed field replaces
- `delete(context, id, state) -> None`        succeeds when it is already gone
- `adjust(changes, state, inputs) -> changes` where the schema alone does not tell the diff
- `adopted(state, inputs) -> inputs`           what an import is compared with, as far as asked for
- `preview(inputs) -> state`                  the state that a create is shown to give

Interrupted runs: a create calls `context.making()` once it is sure that nothing of the name exists;
should plugin or engine then be killed, the next create of the same resource first calls
`leftover(context, inputs)`, which removes by name what is there. When only the engine dies, what is
being made is deleted as soon as it is finished. A plugin whose official one is no Terraform bridge
says `bridged=False`: then neither `id` among the outputs nor `__defaults` among the inputs.

Inputs and states are plain dicts of JSON values with the schema's (camelCase) names: secrets are
unwrapped, `__defaults` is gone, whole numbers are int, absent inputs are absent. Secrets come back
by themselves: an output with the name of a secret input is secret; `secret_outputs` names more.
In `problems`, `preview` and `adjust` a value may be UNKNOWN; create, update, read, delete never
see it.

What is compared in a diff is the inputs of now with the state, as far as the program asked for it:
create, read and update tell the state as the official plugin reads it back, and a value that comes
back in another form is a change, there and here. Where the state has no such key, the inputs of
then are compared; what was not asked for counts only where its field says `unasked=False`.

Failures: `Failure("what happened: what to do")`; one line, shown as it is. `Report` keeps its
lines. `Lost` says that the connection broke: what a create may have left is then looked for by the
next one. A create or update that left something behind raises `HalfDone(id, state, reason)`, which
keeps it in the state.

A context has `client`, `config`, `urn`, `name`, `ending` (like a threading.Event: set on cancel, on
the end of the plugin, and when the operation's customTimeouts are over; `reason` says which), and
`say(text)`, shown beside the resource while it is worked on. Calls come from many threads at once:
a client must stand that.
"""

from airgap.framework.diff import Change
from airgap.framework.ending import Ending
from airgap.framework.plugin import Plugin
from airgap.framework.resource import (
    Context,
    Created,
    Failure,
    HalfDone,
    Inputs,
    Lost,
    Report,
    ResourceType,
    State,
)
from airgap.framework.serve import serve
from airgap.framework.values import UNKNOWN

__all__ = [
    "UNKNOWN",
    "Change",
    "Context",
    "Created",
    "Ending",
    "Failure",
    "HalfDone",
    "Inputs",
    "Lost",
    "Plugin",
    "Report",
    "ResourceType",
    "State",
    "serve",
]
