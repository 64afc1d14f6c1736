"""Replicas change one by one, and come up all at once."""

import json
import subprocess
from pathlib import Path

import pytest

from isolab.cli.output.layers import is_rollout_step, what
from isolab.plan import rollout
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.rollout import Chain
from machine.deployment.standing import standing

BALANCED = Path(__file__).parents[1] / "labs/valid/balanced.yaml"


def planned() -> Plan:
    plan = plan_file(BALANCED, {}, Surroundings(stack="balanced"))
    assert isinstance(plan, Plan)
    return plan


def waits(standing: list[str]) -> dict[str, list[str]]:
    """Which replica waits for which, built as the components build it: guest by guest."""
    chain, found = Chain[str](standing), dict[str, list[str]]()
    for guest in planned().guests:
        found[guest.name] = list(chain.before_guest(guest))
        for container in guest.containers:
            found[container.name] = list(chain.before(container))
            chain.add(container, [container.name])
    return found


def test_what_is_new_waits_for_nobody() -> None:
    assert not any(waits([]).values())


def test_what_stands_waits_for_its_fellows_before_it() -> None:
    found = waits(["web-1", "web-2", "isolab-balanced-app-1", "isolab-balanced-app-2"])
    assert found["web-1"] == []
    assert found["web-3"] == []
    assert found["web-2"] == ["web-1", "web-3"]
    assert found["app-1"] == []
    assert found["app-2"] == ["api-1", "db-1", "web-1", "web-3"]


def test_a_fellow_that_waits_itself_stands_for_those_before_it() -> None:
    everything = [c.name for c in planned().containers] + [g.domain for g in planned().guests]
    found = waits(everything)
    assert (found["web-1"], found["web-3"], found["web-2"]) == ([], ["web-1"], ["web-3"])
    assert found["app-2"] == ["api-1", "db-1", "web-3"]


def test_a_fellow_without_a_step_stands_for_nobody() -> None:
    web = [c for c in planned().containers if c.service == "web"]
    chain = Chain[str](c.name for c in web)
    chain.add(web[0], [web[0].name])
    chain.add(web[1], [])
    assert list(chain.before(web[2])) == [web[0].name]


def test_a_guest_that_shares_no_service_waits_for_nobody() -> None:
    everything = [guest.domain for guest in planned().guests]
    assert waits(everything)["edge-1"] == []


def test_a_replica_is_taken_out_of_every_route() -> None:
    front = next(b for b in planned().balancers if b.name == "front")
    api = next(c for c in planned().containers if c.name == "api-2")
    assert rollout.servers(front, "api-2") == ("api/api-2", "api_2/api-2")
    name = front.container.name
    out = f"docker exec {name} turn out 10 api/api-2 api_2/api-2"
    assert rollout.drain(front, api) == f"timeout 50 {out} || true"
    assert f"docker exec {name} turn in" in rollout.join(front, "api-2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("docker", "saw"),
    [
        ("echo healthy", None),
        ("echo warning >&2; echo healthy", None),
        ("echo unhealthy", "unhealthy"),
        ("echo cannot connect >&2; exit 1", "cannot connect"),
        ("exec sleep 9", "no answer"),
    ],
)
def test_a_wait_for_a_healthy_container_ends_and_says_what_it_saw(
    docker: str, saw: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "docker"
    client.write_text(f"#!/bin/sh\n{docker}\n")
    client.chmod(0o755)
    monkeypatch.setattr(rollout, "TIMEOUT", 1)
    monkeypatch.setattr(rollout, "MARGIN", 1)
    done = subprocess.run(
        ["sh", "-c", rollout.wait_healthy(planned().containers[0])],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = f"api-1 is not healthy after 1 s; the last try saw: {saw}\n" if saw else ""
    assert (done.returncode, done.stderr) == (1 if saw else 0, told)


def test_a_step_of_a_rolling_update_is_told_as_one() -> None:
    urn = "urn:pulumi:s::isolab::isolab:index:Service$command:local:Command::web-1-turn-front"
    assert is_rollout_step(urn)
    assert what(urn, "") == "rolling update of web-1"
    files = "urn:pulumi:s::isolab::isolab:index:Service$command:remote:Command::web-1-files"
    assert not is_rollout_step(files)
    assert what(files, "") == "files of web-1"


def test_what_stands_is_read_from_the_stacks_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".pulumi/stacks/isolab/balanced.json"
    file.parent.mkdir(parents=True)
    kinds = ("docker:index/container:Container", "libvirt:index/domain:Domain", "x:y:Z")
    resources = [
        {"urn": f"urn:pulumi:s::isolab::{kind}::r", "type": kind, "inputs": {"name": name}}
        for kind, name in zip(kinds, ("web-1", "isolab-balanced-app-1", "z"), strict=True)
    ]
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())
    assert standing(planned()).names == {"web-1", "isolab-balanced-app-1"}
