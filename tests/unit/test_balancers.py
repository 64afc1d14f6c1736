"""HAProxy's configuration: as it is written, and as HAProxy itself reads it."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from isolab.model import Lab
from isolab.plan import balancers, haproxy
from isolab.plan.model import Balancer, Plan, Surroundings
from isolab.plan.read import plan_file

BALANCED = Path(__file__).parents[1] / "labs/valid/balanced.yaml"
GOLDENS = Path(__file__).parent / "goldens"
Golden = Callable[[Path, str], None]


def planned(*, kvm: bool = False) -> Plan:
    plan = plan_file(BALANCED, {}, Surroundings(stack="balanced", kvm=kvm))
    assert isinstance(plan, Plan)
    return plan


def text(balancer: Balancer) -> str:
    (file,) = balancer.container.files
    assert file.content
    return file.content


@pytest.mark.parametrize("balancer", planned().balancers, ids=lambda b: b.name)
def test_a_balancer_becomes_its_configuration(balancer: Balancer, golden: Golden) -> None:
    golden(GOLDENS / f"haproxy-{balancer.name}.cfg", text(balancer))


def alone(mode: Literal["http", "tcp"], check: str, *, sticky: bool) -> Balancer:
    """One in front of servers that are no services of its lab."""
    asked = balancers.Alone(
        name=f"alone-{mode}", mode=mode, address="0.0.0.0", listen=8080, check=check,
        servers=(("10.1.2.3", 80), ("10.1.2.4", 81)), sticky=sticky, on_host=True,
    )  # fmt: skip
    around = balancers.Around(
        lab=Lab(name="", file=""), stack="dev", gateway="", addresses={}, digests={}, kvm=True,
        files="/files",
    )  # fmt: skip
    return balancers.alone(asked, around)


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not on this machine")
@pytest.mark.parametrize(
    "balancer",
    [*planned().balancers, alone("http", "/health", sticky=True), alone("tcp", "", sticky=False)],
    ids=lambda b: b.name,
)
def test_haproxy_reads_it_without_a_warning(balancer: Balancer, tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(text(balancer).replace("/run/haproxy/", f"{tmp_path}/"))
    done = subprocess.run(
        ["haproxy", "-c", "-f", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


def test_an_emulated_guest_is_given_more_time() -> None:
    slow, quick = (text(planned(kvm=kvm).balancers[0]) for kvm in (False, True))
    assert f"inter {haproxy.TCG.interval}ms" in slow
    assert f"inter {haproxy.KVM.interval}ms" in quick


def test_every_change_is_seen_in_the_description() -> None:
    (front,) = (b for b in planned().balancers if b.name == "front")
    fewer = replace(front.routes[0], backends=front.routes[0].backends[:-1])
    changed = replace(front, routes=(fewer, *front.routes[1:]))
    words = {
        haproxy.configuration(each, kvm=False).split("description ")[1].split("\n")[0]
        for each in (front, changed)
    }
    assert len(words) == 2


def test_each_replica_has_a_port_of_its_own_for_the_balancer() -> None:
    for balancer in planned().balancers:
        for route in balancer.routes:
            doors = [(backend.address, backend.port) for backend in route.backends]
            assert doors
            assert len(set(doors)) == len(doors)
