"""What a learner types: a lesson's commands, for the lab at hand."""

import re

from isolab.lessons.model import STACK, Lesson
from isolab.lessons.variables import of_plan, shown
from isolab.plan.model import Plan

_OF_A_STACK = re.compile(r"\./lab (check|exec|logs|reset|ssh|status)\b")


def commands(lesson: Lesson, plan: Plan) -> list[str]:
    """The commands to try, ready to be copied."""
    variables = {**of_plan(plan), **lesson.variables}
    return [on_stack(shown(attempt.run, variables), plan.stack) for attempt in lesson.tries]


def on_stack(command: str, stack: str) -> str:
    """The command with the stack named, where it is another than isolab would take."""
    return command if stack == STACK else _OF_A_STACK.sub(rf"\g<0> --stack {stack}", command)
