"""An image from this machine's registry storage to another registry, byte for byte.

Docker packs layers again when it pushes, and an image that was packed again may have another
digest. So blobs and manifest travel as they lie here (OCI Distribution Specification, "Push").
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from machine.images import service_catalog
from machine.steps import Unable

TIMEOUT = 60
"""Seconds for one answer of the other registry."""


def push(name: str, digest: str, base: str, report: Callable[[str], None]) -> None:
    """Copy an image to the registry at a base URL, and give it its tag there.

    Raises:
        Unable: The other registry does not take it, or the image is not here.
    """
    repository, _, tag = name.partition(":")
    manifest = _blob(digest)
    content: dict[str, Any] = json.loads(manifest.read_bytes())
    url = f"{base}/v2/{repository}"
    try:
        for part in (content["config"], *content["layers"]):
            if not _has(f"{url}/blobs/{part['digest']}"):
                report(f"{name}: {part['size'] / 2**20:.1f} MiB")
                _upload(url, part["digest"])
        for reference in (digest, tag or "latest"):
            _send(
                f"{url}/manifests/{reference}",
                method="PUT",
                body=manifest.read_bytes(),
                kind=content["mediaType"],
            )
    except urllib.error.HTTPError as error:
        raise Unable(
            f"{base} refuses {name}: {error.code} {error.reason}",
            "the registry may need a login (docker login), or https",
        ) from error
    except OSError as error:
        raise Unable(
            f"{base} does not answer: {error}", "check the address; --plain-http uses http"
        ) from error


def _blob(digest: str) -> Path:
    algorithm, _, value = digest.partition(":")
    storage = service_catalog.storage() / "docker/registry/v2/blobs"
    path = storage / algorithm / value[:2] / value / "data"
    if not path.exists():
        raise Unable(f"{digest} is not in this machine's registry", "./lab up makes it")
    return path


def _has(url: str) -> bool:
    try:
        _send(url, method="HEAD")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return False
        raise
    return True


def _upload(url: str, digest: str) -> None:
    begun = _send(f"{url}/blobs/uploads/", method="POST")
    location = urljoin(url, begun)
    mark = "&" if urlsplit(location).query else "?"
    _send(
        f"{location}{mark}{urlencode({'digest': digest})}",
        method="PUT",
        body=_blob(digest).read_bytes(),
        kind="application/octet-stream",
    )


def _send(url: str, *, method: str, body: bytes | None = None, kind: str = "") -> str:
    """Where the answer says to go on."""
    request = urllib.request.Request(url, data=body, method=method)
    if kind:
        request.add_header("Content-Type", kind)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return answer.headers.get("Location") or url
