"""One member of a Galera cluster: agrees with the others on who begins, and keeps its server."""
