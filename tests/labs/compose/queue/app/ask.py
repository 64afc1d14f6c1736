"""Takes one job."""

import socket
import sys

with socket.create_connection((sys.argv[1], 7000), timeout=3) as queue:
    print(queue.makefile().readline().strip(), flush=True)
