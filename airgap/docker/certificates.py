"""The certificates with which a daemon behind TCP knows us, and we it."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docker.tls import TLSConfig

_NAMES = ("ca", "cert", "key")


class Certificates:
    """Files, since TLS takes nothing else; those made from a provider's inputs go with it."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._made = ""
        given = {name: config.get(f"{name}Material") for name in _NAMES}
        folder = config.get("certPath")
        if any(given.values()):
            folder = self._made = tempfile.mkdtemp(prefix="isolab-certificates-")
            for name, text in given.items():
                file = Path(folder) / f"{name}.pem"
                file.touch(mode=0o600)
                file.write_text(text or "")
        self._folder = Path(folder) if folder else None

    @property
    def tls(self) -> TLSConfig | bool:
        """What the client takes; False where no certificates are given."""
        if not self._folder:
            return False
        ca, cert, key = (str(self._folder / f"{name}.pem") for name in _NAMES)
        return TLSConfig(client_cert=(cert, key), ca_cert=ca, verify=True)

    def close(self) -> None:
        """Removes what was made."""
        if self._made:
            shutil.rmtree(self._made, ignore_errors=True)
