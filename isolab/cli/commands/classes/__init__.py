"""The parts of `./lab class`."""
