"""Every claim holds on the lab that its lesson is about, and can be seen to break."""

import json
from collections.abc import Iterator

import pytest

from isolab.cli.context import deployed
from isolab.cli.context.lesson_environment import lesson_environment
from isolab.lessons import read
from isolab.lessons.check import LessonEnvironment, check_claim
from isolab.lessons.model import Claim, Lesson
from isolab.plan.model import Plan
from tests.live.breaking import broken
from tests.live.conftest import Lab

ON_REFERENCE = [lesson for lesson in read.catalogue() if lesson.stack == "reference"]
CLAIMS = [(lesson, claim) for lesson in ON_REFERENCE for claim in lesson.claims]


@pytest.fixture(scope="module")
def plan(reference: Lab) -> Plan:
    return deployed.required(reference.stack)


@pytest.fixture(scope="module")
def here(plan: Plan) -> Iterator[LessonEnvironment]:
    with lesson_environment(plan) as found:
        yield found


def test_all_claims_hold_and_the_lab_is_as_before(reference: Lab) -> None:
    before = reference.status()
    checked = json.loads(reference("check", "--stack", reference.stack, "--json"))
    verdicts = {
        f"{lesson['id']}: {claim['claim']}": claim["verdict"]
        for lesson in checked["lessons"]
        for claim in lesson["claims"]
    }
    assert set(verdicts.values()) == {"holds"}, verdicts
    assert len(verdicts) == len(CLAIMS)
    assert reference.status() == before


@pytest.mark.long
@pytest.mark.parametrize(("lesson", "claim"), CLAIMS, ids=[f"{x.id}-{c.id}" for x, c in CLAIMS])
def test_a_mutation_breaks_its_claim(
    plan: Plan, here: LessonEnvironment, lesson: Lesson, claim: Claim
) -> None:
    with broken(plan, lesson, claim.mutation, here) as (mutated, lesson_environment):
        result = check_claim(claim, mutated, lesson_environment)
    assert result.verdict == "broken", f"{claim.mutation.why}\n{result}"
    assert result.control and result.evidence


AT_FAULT = {
    "a privileged container": (
        "users-root-inside-is-not-root-outside",
        {
            "users-root-inside-is-not-root-outside",
            "users-a-service-has-no-capabilities",
            "users-no-way-to-more-privileges",
        },
    ),
    "a shared table of processes": (
        "processes-a-container-sees-its-own-processes-alone",
        {"processes-a-container-sees-its-own-processes-alone"},
    ),
    "a published database": (
        "ports-the-database-is-not-published",
        {"ports-the-database-is-not-published", "networks-internal-leads-nowhere"},
    ),
    "no memory limit": (
        "memory-the-killer-stays-inside",
        {"memory-the-killer-stays-inside", "memory-the-limit-is-the-labs"},
    ),
    "the guest's network": (
        "networks-a-network-stack-each",
        {"networks-a-network-stack-each"},
    ),
}
"""A fault, the claim whose mutation makes it, and all claims that it has to break."""
LOOKED_AT = ("processes", "networks", "ports", "users", "memory", "cpu-and-pids")


@pytest.mark.long
@pytest.mark.parametrize("fault", AT_FAULT)
def test_a_fault_breaks_its_own_claims_and_no_others(
    plan: Plan, here: LessonEnvironment, fault: str
) -> None:
    known = dict(zip((f"{x.id}-{c.id}" for x, c in CLAIMS), CLAIMS, strict=True))
    name, expected = AT_FAULT[fault]
    lesson, claim = known[name]
    with broken(plan, lesson, claim.mutation, here) as (_, lesson_environment):
        verdicts = {
            name: check_claim(claim, lesson, lesson_environment).verdict
            for name, (lesson, claim) in known.items()
            if lesson.id in LOOKED_AT
        }
    assert {name for name, verdict in verdicts.items() if verdict == "broken"} == expected
