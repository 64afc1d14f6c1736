"""The provider protocol: the engine's calls, answered by resource types."""

import json
import secrets
from collections.abc import Callable, Mapping
from threading import Event, Lock
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from airgap.framework import diff, values
from airgap.framework.answers import diff_response, failures, hidden, imported, kept, told
from airgap.framework.journal import Journal
from airgap.framework.plugin import Plugin
from airgap.framework.resource import Context, Created, Failure, ResourceType
from airgap.framework.schema import STRING, check
from airgap.framework.values import Secret, holds_unknown, plain, without_bookkeeping

_NOT_CONFIG = ("version", "pluginDownloadURL")


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Answers one engine; every call may come on a thread of its own."""

    def __init__(
        self,
        plugin: Plugin,
        say: Callable[[str, str], None] = lambda u, t: None,
        engine_is_gone: Callable[[], bool] = lambda: False,
        journal: Journal | None = None,
    ) -> None:
        self._plugin = plugin
        self._engine_is_gone = engine_is_gone
        self._journal = journal or Journal()
        self._types = {each.token: each for each in plugin.resources}
        self._config: dict[str, Any] = {}
        self._client: Any = None
        self._connecting = Lock()
        self._say = say
        self.cancelled = Event()

    def close(self) -> None:
        """Ends the connection, if there is one; what was made is known to the engine by now."""
        if not self._engine_is_gone():
            self._journal.close()
        if self._client is not None:
            self._plugin.close(self._client)

    def _connect(self) -> Any:
        with self._connecting:
            if self._client is None:
                if holds_unknown(self._config):
                    raise Failure(f"the provider {self._plugin.name} is not configured yet")
                self._client = self._plugin.connect(self._config)
            return self._client

    def _context(self, urn: str, timeout: float = 0) -> Context[Any]:
        return Context(
            connect=self._connect,
            config=self._config,
            urn=urn,
            name=urn.rsplit("::", 1)[-1],
            timeout=timeout,
            cancelled=self.cancelled,
            say=lambda text: self._say(urn, text),
            making=lambda: self._journal.mark(urn),
        )

    def _type(self, urn: str) -> ResourceType[Any]:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        if token not in self._types:
            known = ", ".join(sorted(self._types))
            raise Failure(f"{token} is not supported by isolab's plugin; it has {known}")
        return self._types[token]

    # The provider itself

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._plugin.version)

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetSchema(self, request: Any, context: Any) -> Any:
        schema = {"name": self._plugin.name, "version": self._plugin.version}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def GetMapping(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingsResponse()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        inputs = values.load(request.news)
        _, problems = check(self._decoded(inputs), self._plugin.config)
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures(problems))

    def DiffConfig(self, request: Any, context: Any) -> Any:
        old, new = plain(values.load(request.olds)), plain(values.load(request.news))
        found = diff.changes(self._decoded(old), self._decoded(new), self._plugin.config)
        return diff_response(found, delete_first=False)

    def Configure(self, request: Any, context: Any) -> Any:
        given = self._decoded(values.load(request.args))
        self._config = plain(check(given, self._plugin.config)[0])
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def _decoded(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """A provider's inputs; all but strings travel as JSON in a string."""
        return {
            name: _decode(value)
            if name in self._plugin.config.fields
            and self._plugin.config.fields[name].kind is not STRING
            else value
            for name, value in inputs.items()
            if name not in _NOT_CONFIG
        }

    def Invoke(self, request: Any, context: Any) -> Any:
        with told(context):
            function = self._plugin.functions.get(request.tok)
            if function is None:
                raise Failure(f"{request.tok} is not supported by isolab's plugin")
            given = plain(values.load(request.args))
            response = provider_pb2.InvokeResponse()
            getattr(response, "return").CopyFrom(
                values.dump(function(self._context(request.tok), given))
            )
            return response

    def Cancel(self, request: Any, context: Any) -> Any:
        self.cancelled.set()
        return empty_pb2.Empty()

    # Resources

    def Check(self, request: Any, context: Any) -> Any:
        with told(context):
            kind = self._type(request.urn)
            given, old = values.load(request.news), values.load(request.olds)
            for name, each in kind.inputs.fields.items():
                if each.auto_name and given.get(name) is None:
                    given[name] = old.get(name) or _made_up_name(request)
            inputs, problems = check(given, kind.inputs)
            if not problems:
                problems = list(kind.problems(plain(inputs)))
            if not self._plugin.bridged:
                inputs = without_bookkeeping(inputs)
            return provider_pb2.CheckResponse(
                inputs=values.dump(inputs), failures=failures(problems)
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
                return provider_pb2.CreateResponse(properties=values.dump(state, secret))
            with kept(context, kind, given):
                made = self._make(kind, request, inputs)
            secret = hidden(kind, made.state, given)
            state = self._outputs(made.id, made.state)
            return provider_pb2.CreateResponse(id=made.id, properties=values.dump(state, secret))

    def _make(self, kind: ResourceType[Any], request: Any, inputs: dict[str, Any]) -> Created:
        context = self._context(request.urn, request.timeout)
        if self._journal.holds(request.urn):
            kind.leftover(context, inputs)
            self._journal.clear(request.urn)
        try:
            made = kind.create(context, inputs)
        except Exception:
            self._journal.clear(request.urn)
            raise
        if self._engine_is_gone():
            # Nobody would write it down.
            kind.delete(context, made.id, made.state)
            self._journal.clear(request.urn)
        return made

    def _outputs(self, id: str, state: dict[str, Any]) -> dict[str, Any]:
        return {"id": id, **state} if self._plugin.bridged else state

    def Read(self, request: Any, context: Any) -> Any:
        with told(context):
            kind = self._type(request.urn)
            old, inputs = values.load(request.properties), values.load(request.inputs)
            context_ = self._context(request.urn, request.timeout)
            state = kind.read(context_, request.id, plain(old))
            if state is None:
                return provider_pb2.ReadResponse()
            if plain(inputs):
                inputs = diff.drifted(inputs, state, kind.inputs)
            else:
                inputs = imported(kind, state)
            secret = hidden(kind, state, old, inputs)
            state = self._outputs(request.id, state)
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
                with kept(context, kind, old, given):
                    context_ = self._context(request.urn, request.timeout)
                    state = kind.update(context_, request.id, plain(old), plain(given))
            secret = hidden(kind, state, given)
            state = self._outputs(request.id, state)
            return provider_pb2.UpdateResponse(properties=values.dump(state, secret))

    def Delete(self, request: Any, context: Any) -> Any:
        with told(context):
            kind = self._type(request.urn)
            self._journal.clear(request.urn)
            state = plain(values.load(request.properties))
            kind.delete(self._context(request.urn, request.timeout), request.id, state)
            return empty_pb2.Empty()


def _decode(value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_decode(value.value))
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _made_up_name(request: Any) -> Any:
    if request.autonaming.proposed_name:
        return request.autonaming.proposed_name
    name = request.urn.rsplit("::", 1)[-1]
    seed = request.randomSeed or secrets.token_bytes(4)
    return f"{name}-{seed.hex()[:7]}"
