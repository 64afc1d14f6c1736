"""Serves the guestbook on port 8000."""

import os
import signal
import socket
import sys

from waitress import serve

from guestbook.place import Place
from guestbook.store import Settings, Store
from guestbook.web import make_app


def main() -> None:
    """Until Docker says stop."""
    # The first process of a container ignores SIGTERM unless it says what to do with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    place = Place.read(os.environ, socket.gethostname())
    store = Store(Settings.read(os.environ))
    print(f"guestbook: {place}, database at {', '.join(store.settings.hosts)}", flush=True)
    serve(make_app(store, place), host="0.0.0.0", port=8000, threads=4, ident="")


if __name__ == "__main__":
    main()
