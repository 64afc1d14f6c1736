"""Before and after a change: what is, and what is to be, each as its plan on this machine."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from isolab.cli.context import stack
from isolab.cli.errors import BAD_INPUT, Failure
from isolab.model import Problem
from isolab.plan.model import Plan, Surroundings


@dataclass(frozen=True, kw_only=True, slots=True)
class BeforeAfter:
    """What a change lies between."""

    stack: str
    """Whose change it is; both plans are made as this stack."""
    old: Plan | None
    """None where nothing is there yet."""
    new: Plan


def of_labs(old: str, new: str, name: str | None = None) -> BeforeAfter:
    """Two labs on one stack: what differs is what their files say, not where they stand."""
    name = name or _stack_of(Path(old))
    around = _around(name)
    return BeforeAfter(
        stack=name, old=_planned(_file(old), around), new=_planned(_file(new), around)
    )


def against(revision: str, lab: str, name: str | None = None) -> BeforeAfter:
    """A lab file as it was at a revision of git, and as it is now."""
    from isolab.cli.context.revision import lab_file

    file = _file(lab)
    name = name or _stack_of(file)
    around = _around(name)
    with lab_file(file, revision) as before:
        try:
            old = _planned(before, around)
        except Failure as broken:
            root = str(before).removesuffix(file.name)
            said = broken.message.replace(root, f"{revision}:")
            raise Failure(broken.exit_code, said, broken.hint) from broken
    return BeforeAfter(stack=name, old=old, new=_planned(file, around))


def of_stack(name: str, *, old: Path | None = None, new: Path | None = None) -> BeforeAfter:
    """What is deployed and what the stack's lab file says now, or other files in their place."""
    from isolab.cli.context import deployed
    from machine.stack import lab_file

    around = _around(name)
    if old:
        before = _planned(old, around)
    else:
        before = deployed.find(name)
        if before is not None:
            # Whether KVM works was found out at the up; looking again is for the next one.
            around = replace(around, kvm=before.kvm)
    file = new or lab_file(stack.target_of(name).lab)
    return BeforeAfter(stack=name, old=before, new=_planned(file, around))


def of_files(name: str, old: Path, new: Path) -> BeforeAfter:
    """Two files, as any machine would plan them."""
    around = Surroundings(stack=name)
    return BeforeAfter(stack=name, old=_planned(old, around), new=_planned(new, around))


def _stack_of(lab: Path) -> str:
    return lab.stem if stack.is_name(lab.stem) else stack.DEFAULT


def _file(lab: str) -> Path:
    """A lab file by its path, its name, or the stack that it is deployed as."""
    from machine.deployment import config
    from machine.stack import lab_file

    known = None if stack.is_path(lab) else config.read(lab)
    path = lab_file((known and known.lab) or lab)
    if not path.exists():
        raise Failure(BAD_INPUT, f"there is no lab file {path}", "name a lab, a stack or a file")
    return path


def _around(name: str) -> Surroundings:
    from machine.deployment import config
    from machine.stack import surroundings

    known = config.read(name)
    return surroundings(name, known.cidr if known else None)


def _planned(file: Path, around: Surroundings) -> Plan:
    if not file.exists():
        raise Failure(BAD_INPUT, f"there is no lab file {file}", "name a lab, a stack or a file")
    from machine.stack import plan_file_on_host

    return sound(plan_file_on_host(file, os.environ, around))


def sound(planned: Plan | tuple[Problem, ...]) -> Plan:
    """The plan; the problems of a file that has none end the command."""
    if isinstance(planned, Plan):
        return planned
    raise Failure(BAD_INPUT, "\n".join(map(str, planned)))
