"""All phases in a row: from a lab file to its plan, or to what stands in the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isolab import labfile, rules
from isolab.labfile import in_order
from isolab.model import Lab, Problem
from isolab.plan import rules as plan_rules
from isolab.plan.make import make_plan
from isolab.plan.model import Plan, Surroundings


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """What came of a lab file."""

    plan: Plan | None
    errors: tuple[Problem, ...] = ()
    """Those of the first phase that found any; none where there is a plan."""
    warnings: tuple[Problem, ...] = ()


def examine_file(path: Path, variables: Mapping[str, str], surroundings: Surroundings) -> Examined:
    """The plan or the errors, and the warnings."""
    lab = labfile.load(path, variables)
    if isinstance(lab, Lab):
        return examine_lab(lab, surroundings)
    return Examined(plan=None, errors=_errors(lab), warnings=_warnings(lab))


def examine_lab(lab: Lab, surroundings: Surroundings) -> Examined:
    """The same for a lab that is already read."""
    found = rules.check(lab)
    if _errors(found):
        return Examined(plan=None, errors=_errors(found), warnings=_warnings(found))
    plan = make_plan(lab, surroundings)
    found = in_order((*found, *plan_rules.check(lab, plan, surroundings)))
    errors = _errors(found)
    return Examined(plan=None if errors else plan, errors=errors, warnings=_warnings(found))


def _errors(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if problem.severity == "error")


def _warnings(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if problem.severity == "warning")


def plan_file(
    path: Path, variables: Mapping[str, str], surroundings: Surroundings
) -> Plan | tuple[Problem, ...]:
    """The plan, or the errors of the first phase that found any."""
    examined = examine_file(path, variables, surroundings)
    return examined.plan or examined.errors


def plan_lab(lab: Lab, surroundings: Surroundings) -> Plan | tuple[Problem, ...]:
    """The same for a lab that is already read."""
    examined = examine_lab(lab, surroundings)
    return examined.plan or examined.errors
