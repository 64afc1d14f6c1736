"""The provider protocol: the engine's calls for resources, answered by resource types."""

import secrets
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from airgap.framework import diff, values
from airgap.framework.answers import created_partially, diff_response, failures, hidden, told
from airgap.framework.imports import MARK, imported, is_imported
from airgap.framework.provider import Provider
from airgap.framework.resource import Created, Failure, Lost, ResourceType
from airgap.framework.schema import check, sealed
from airgap.framework.values import plain, without_bookkeeping


class Servicer(Provider):
    """Answers one engine; every call may come on a thread of its own."""

    def _type(self, urn: str) -> ResourceType[Any]:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        types = {each.token: each for each in self._plugin.resources}
        if token not in types:
            known = ", ".join(sorted(types))
            raise Failure(f"{token} is not supported by isolab's plugin; it has {known}")
        return types[token]

    def Check(self, request: Any, context: Any) -> Any:
        with told(context):
            kind = self._type(request.urn)
            given, old = values.load(request.news), values.load(request.olds)
            for name, each in kind.inputs.fields.items():
                if each.auto_name and given.get(name) is None:
                    given[name] = old.get(name) or _made_up_name(request)
            inputs, problems = check(given, kind.inputs)
            if is_imported(given):
                inputs[MARK] = True
            if not problems:
                problems = list(kind.problems(plain(inputs)))
            if not self._plugin.bridged:
                inputs = without_bookkeeping(inputs)
            return provider_pb2.CheckResponse(
                inputs=values.dump(sealed(inputs, kind.inputs)), failures=failures(problems)
            )

    def Diff(self, request: Any, context: Any) -> Any:
        with told(context):
            kind = self._type(request.urn)
            self._journal.clear(request.urn)
            state = plain(values.load(request.olds))
            old, new = (
                plain(values.load(request.old_inputs)),
                plain(values.load(request.news)),
            )
            if is_imported(old):
                old = kind.adopted(state, new)
            elif self._plugin.bridged:
                old = diff.as_read(old, state, kind.inputs)
            ignored = set(request.ignoreChanges)
            found = diff.changes(old, new, kind.inputs)
            found = [each for each in found if not ignored & {each.path, each.top}]
            return diff_response(kind.adjust(found, state, new), kind.delete_first)

    def Create(self, request: Any, context: Any) -> Any:
        with told(context):
            kind = self._type(request.urn)
            given = values.load(request.properties)
            inputs = plain(given)
            if request.preview:
                state = kind.preview(inputs)
                secret = hidden(kind, state, given)
                state = sealed(state, kind.inputs)
                return provider_pb2.CreateResponse(properties=values.dump(state, secret))
            with created_partially(context, kind, given):
                made = self._make(kind, request, inputs)
            secret = hidden(kind, made.state, given)
            state = self._outputs(kind, made.id, made.state)
            return provider_pb2.CreateResponse(id=made.id, properties=values.dump(state, secret))

    def _make(self, kind: ResourceType[Any], request: Any, inputs: dict[str, Any]) -> Created:
        context = self._context(request.urn, request.timeout)
        if self._journal.holds(request.urn):
            kind.leftover(context, inputs)
            self._journal.clear(request.urn)
        try:
            made = kind.create(context, inputs)
        except Lost:
            self._journal.keep(request.urn)
            raise
        except Exception:
            self._journal.clear(request.urn)
            raise
        if self._engine_is_gone():
            # Nobody would write it down.
            kind.delete(context, made.id, made.state)
            self._journal.clear(request.urn)
        return made

    def _outputs(self, kind: ResourceType[Any], id: str, state: dict[str, Any]) -> dict[str, Any]:
        told = sealed(state, kind.inputs)
        return {"id": id, **told} if self._plugin.bridged else told

    def Read(self, request: Any, context: Any) -> Any:
        with told(context):
            kind = self._type(request.urn)
            old, inputs = values.load(request.properties), values.load(request.inputs)
            context_ = self._context(request.urn, request.timeout)
            asked = {} if is_imported(inputs) else plain(inputs)
            # After an import, the state does not tell what the program has asked for since.
            known = {} if is_imported(inputs) else {**plain(old), **asked}
            state = kind.read(context_, request.id, known)
            if state is None:
                return provider_pb2.ReadResponse()
            if asked:
                inputs = diff.drifted(inputs, state, kind.inputs)
            else:
                inputs = imported(kind.inputs, state)
            secret = hidden(kind, state, old, inputs)
            state = self._outputs(kind, request.id, state)
            return provider_pb2.ReadResponse(
                id=request.id,
                properties=values.dump(state, secret),
                inputs=values.dump(inputs),
            )

    def Update(self, request: Any, context: Any) -> Any:
        with told(context):
            kind = self._type(request.urn)
            old, given = values.load(request.olds), values.load(request.news)
            if request.preview:
                state = kind.preview_update(plain(old), plain(given))
            else:
                with created_partially(context, kind, old, given):
                    context_ = self._context(request.urn, request.timeout)
                    state = kind.update(context_, request.id, plain(old), plain(given))
            secret = hidden(kind, state, given)
            state = self._outputs(kind, request.id, state)
            return provider_pb2.UpdateResponse(properties=values.dump(state, secret))

    def Delete(self, request: Any, context: Any) -> Any:
        with told(context):
            kind = self._type(request.urn)
            self._journal.clear(request.urn)
            state = plain(values.load(request.properties))
            kind.delete(self._context(request.urn, request.timeout), request.id, state)
            return empty_pb2.Empty()


def _made_up_name(request: Any) -> Any:
    if request.autonaming.proposed_name:
        return request.autonaming.proposed_name
    name = request.urn.rsplit("::", 1)[-1]
    seed = request.randomSeed or secrets.token_bytes(4)
    return f"{name}-{seed.hex()[:7]}"
