"""The connection to libvirt, and its errors in the user's words."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any, TypeVar

import libvirt

from airgap.framework import Context, Failure, Inputs, Lost, ResourceType
from airgap.framework.waiting import NotYet, answered
from airgap.libvirt.uri import for_libvirt, is_remote

_USUAL_URI = "qemu:///system"
_GONE = {
    libvirt.VIR_ERR_NO_DOMAIN,
    libvirt.VIR_ERR_NO_NETWORK,
    libvirt.VIR_ERR_NO_STORAGE_POOL,
    libvirt.VIR_ERR_NO_STORAGE_VOL,
}
_BUSY_FOR = 20
"""Seconds to wait for a pool whose volumes are still being written or read."""
KEEPALIVE, KEEPALIVES = 5, 3
"""Seconds between two questions to a daemon behind a network, and how many may stay unanswered."""
_STARTING = 15.0
"""Seconds for a daemon that lets us in to come to its first answer."""
_GREETING = 60.0
"""Seconds for one try of that."""
_BROKEN_OFF = re.compile(
    "recv data|reading data|write data|writing data|reset by peer|broken pipe"
    "|client socket is closed|event on socket|keepalive timeout",
    re.IGNORECASE,
)
"""libvirt's words for it, which depend on what it was about to do with the socket."""
_REFUSED = re.compile("connect to host|could not resolve|denied|verification failed", re.IGNORECASE)
"""Over ssh, what it says ends in a connection that is broken off too."""
Thing = TypeVar("Thing")


class _Events:
    """libvirt's own event loop, without which it asks nobody whether he is still there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = False

    def start(self) -> None:
        with self._lock:
            if not self._started:
                libvirt.virEventRegisterDefaultImpl()
                threading.Thread(target=self._run, daemon=True).start()
                self._started = True

    def _run(self) -> None:
        while True:
            libvirt.virEventRunDefaultImpl()


_EVENTS = _Events()


class Connection:
    """One libvirt connection, used by many threads at once, as libvirt allows."""

    def __init__(self, uri: str, handle: libvirt.virConnect) -> None:
        self.uri = uri
        self.handle = handle
        self.defining_network = threading.Lock()
        """libvirt may give two networks that are defined at once the same bridge."""

    @classmethod
    def open(cls, config: Mapping[str, Any]) -> "Connection":
        """Connects to the provider's URI."""
        libvirt.registerErrorHandler(lambda *_: None, None)
        uri = config.get("uri") or _USUAL_URI
        remote = is_remote(uri)
        if remote:
            _EVENTS.start()
        handle = answered(uri, lambda: _open(uri), _STARTING)
        if remote:
            handle.setKeepAlive(KEEPALIVE, KEEPALIVES)
        return cls(uri, handle)

    def close(self) -> None:
        """Ends it; what hangs on it must not keep the plugin from ending."""
        threading.Thread(target=self.handle.close, daemon=True).start()

    def alive(self) -> bool:
        """Whether it is still good, as far as is known."""
        try:
            return bool(self.handle.isAlive())
        except libvirt.libvirtError:
            return False

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Puts what was being done in front of libvirt's own words."""
        try:
            yield
        except libvirt.libvirtError as error:
            text = error.get_error_message()
            if not self.alive():
                raise Lost(f"{what}: the connection to {self.uri} was lost: {text}") from None
            raise Failure(f"{what}: {text}") from None


def _open(uri: str) -> libvirt.virConnect:
    """libvirt's own function waits for ever for a daemon that lets it in and says nothing."""
    opened: Queue[libvirt.virConnect | libvirt.libvirtError] = Queue()

    def work() -> None:
        try:
            opened.put(libvirt.open(for_libvirt(uri)))
        except libvirt.libvirtError as error:
            opened.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        found = opened.get(timeout=_GREETING)
    except Empty:
        text = f"no answer within {_GREETING:g} s"
        raise NotYet(f"libvirt does not answer at {uri}: {text}") from None
    if isinstance(found, libvirt.libvirtError):
        text = found.get_error_message()
        advice = "" if is_remote(uri) else "; is libvirtd running?"
        kind = NotYet if _BROKEN_OFF.search(text) and not _REFUSED.search(text) else Failure
        raise kind(f"libvirt does not answer at {uri}: {text}{advice}")
    return found


def is_gone(error: libvirt.libvirtError) -> bool:
    """Whether libvirt says that there is no such thing."""
    return error.get_error_code() in _GONE


def found(lookup: Callable[[str], Thing], key: str) -> Thing | None:
    """What the lookup finds, or nothing."""
    try:
        return lookup(key)
    except libvirt.libvirtError as error:
        if is_gone(error):
            return None
        raise


def remove_leftover(
    resource: ResourceType["Connection"],
    kind: str,
    lookup: Callable[[str], Any],
    context: Context["Connection"],
    inputs: Inputs,
) -> None:
    """Remove what an interrupted create left under the resource's name, where it left something."""
    name = inputs["name"]
    with context.client.told(f"what is left of {kind} {name} could not be removed"):
        left = found(lookup, name)
        if left is not None:
            resource.delete(context, left.UUIDString(), dict(inputs))


def until_accepted(act: Callable[[], Any]) -> None:
    """Does it, and again while libvirt is still busy with the same pool."""
    end = time.monotonic() + _BUSY_FOR
    while True:
        try:
            act()
            return
        except libvirt.libvirtError as error:
            busy = "asynchronous jobs running" in error.get_error_message()
            if not busy or time.monotonic() > end:
                raise
        time.sleep(0.1)


def ignoring_gone(act: Callable[[], Any]) -> None:
    """Does it; that the thing vanished meanwhile is as good."""
    try:
        act()
    except libvirt.libvirtError as error:
        if not is_gone(error):
            raise
