"""A stack's deployment: its configuration, its state, and the engine at work on it."""
