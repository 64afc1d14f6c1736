"""The physical host: its processor, addresses, files, sockets, and ways to run commands on it."""
