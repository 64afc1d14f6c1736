"""The parts of `./lab checkpoint`."""
