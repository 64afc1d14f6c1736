"""The commands, one a module: what it takes, what it does, how it ends."""
