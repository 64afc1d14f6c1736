"""The provider itself: what it is, what it is configured with, its one connection."""

import json
from collections.abc import Callable, Mapping
from threading import Event, Lock
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from airgap.framework import diff, values
from airgap.framework.answers import diff_response, failures, told
from airgap.framework.ending import Ending
from airgap.framework.journal import Journal
from airgap.framework.plugin import Plugin
from airgap.framework.resource import Context, Failure, Lost
from airgap.framework.schema import STRING, check
from airgap.framework.values import Secret, holds_unknown, plain

_NOT_CONFIG = ("version", "pluginDownloadURL")


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """What the engine asks before and beside its resources."""

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
            if self._client is not None and not self._plugin.alive(self._client):
                self._plugin.close(self._client)
                self._client = None
            if self._client is None:
                if holds_unknown(self._config):
                    raise Failure(f"the provider {self._plugin.name} is not configured yet")
                try:
                    self._client = self._plugin.connect(self._config)
                except Failure as failure:
                    raise Lost(str(failure)) from None
            return self._client

    def _context(self, urn: str, timeout: float = 0) -> Context[Any]:
        return Context(
            connect=self._connect,
            config=self._config,
            urn=urn,
            name=urn.rsplit("::", 1)[-1],
            ending=Ending(self.cancelled, timeout),
            say=lambda text: self._say(urn, text),
            making=lambda: self._journal.mark(urn),
        )

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
        decoded = self._decoded(inputs)
        _, problems = check(decoded, self._plugin.config)
        encoded = {name: _encoded(value, decoded.get(name)) for name, value in inputs.items()}
        return provider_pb2.CheckResponse(
            inputs=values.dump({**encoded, **self._plugin.adds}), failures=failures(problems)
        )

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


def _encoded(given: Any, decoded: Any) -> Any:
    """What is no string, as the official plugins keep it: in JSON without spaces."""
    if isinstance(given, Secret) and isinstance(decoded, Secret):
        return Secret(_encoded(given.value, decoded.value))
    if isinstance(given, str) and isinstance(decoded, list | dict | bool | int | float):
        return json.dumps(decoded, separators=(",", ":"), ensure_ascii=False)
    return given


def _decode(value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_decode(value.value))
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
