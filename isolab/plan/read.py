"""All phases in a row: from a lab file to its plan, or to what stands in the way."""

from collections.abc import Mapping
from pathlib import Path

from isolab import labfile, rules
from isolab.model import Lab, Problem
from isolab.plan import rules as plan_rules
from isolab.plan.make import make_plan
from isolab.plan.model import Plan, Surroundings


def plan_file(
    path: Path, variables: Mapping[str, str], surroundings: Surroundings
) -> Plan | tuple[Problem, ...]:
    """The plan, or the problems of the first phase that found any."""
    lab = labfile.load(path, variables)
    return plan_lab(lab, surroundings) if isinstance(lab, Lab) else lab


def plan_lab(lab: Lab, surroundings: Surroundings) -> Plan | tuple[Problem, ...]:
    """The same for a lab that is already read."""
    return rules.check(lab) or plan_rules.check(lab, surroundings) or make_plan(lab, surroundings)
