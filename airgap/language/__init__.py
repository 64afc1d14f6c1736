"""The language host: what lets the engine run programs written in Python."""
