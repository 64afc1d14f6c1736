"""Rules that a lab must keep: each a function from the lab to what breaks it."""

from isolab.model import Lab, Problem


def check(lab: Lab) -> tuple[Problem, ...]:
    """All that is wrong with a lab, in the order of the file."""
    return ()
