"""The connection to libvirt, and its errors in the user's words."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import libvirt

from airgap.framework import Failure

_USUAL_URI = "qemu:///system"
_GONE = {
    libvirt.VIR_ERR_NO_DOMAIN,
    libvirt.VIR_ERR_NO_NETWORK,
    libvirt.VIR_ERR_NO_STORAGE_POOL,
    libvirt.VIR_ERR_NO_STORAGE_VOL,
}
_BUSY_FOR = 20
"""Seconds to wait for a pool whose volumes are still being written or read."""
Thing = TypeVar("Thing")


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
        try:
            return cls(uri, libvirt.open(uri))
        except libvirt.libvirtError as error:
            text = error.get_error_message()
            raise Failure(
                f"libvirt does not answer at {uri}: {text}; is libvirtd running?"
            ) from None

    def close(self) -> None:
        """Ends it; what hangs on it must not keep the plugin from ending."""
        threading.Thread(target=self.handle.close, daemon=True).start()


@contextmanager
def told(what: str) -> Iterator[None]:
    """Puts what was being done in front of libvirt's own words."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise Failure(f"{what}: {error.get_error_message()}") from None


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


def patiently(act: Callable[[], Any]) -> None:
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
