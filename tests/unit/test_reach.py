"""What guests reach of the host: from the plan to the network's DNS name and the hook's rules."""

from pathlib import Path

import pytest

from isolab.diff.compare import diff
from isolab.plan.model import Plan, Surroundings
from isolab.plan.network.reach import reach
from isolab.plan.read import plan_file
from machine.setup import doctor, libvirt_network, network_hook, provision
from machine.steps import Unable

LABS = Path(__file__).parents[1] / "labs/valid"
NETWORK = """<hookData><network><name>isolab-s</name><bridge name='il-s'/>
<dns><host ip='10.1.2.1'><hostname>{name}</hostname></host></dns>
<ip address='10.1.2.1' netmask='255.255.255.0'/></network></hookData>"""


def planned(file: Path) -> Plan:
    plan = plan_file(file, {}, Surroundings(stack="s"))
    assert isinstance(plan, Plan)
    return plan


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What nft was given."""
    texts: list[str] = []

    def load(text: str) -> int:
        texts.append(text)
        return 0

    monkeypatch.setattr(libvirt_network, "load", load)
    return texts


@pytest.mark.parametrize(
    ("lab", "name"),
    [
        ("smallest", "5000.internet.reach.s.isolab"),
        ("on-host", "5000.9000-9001.internet.reach.s.isolab"),
        ("balanced", "5000.8080-8081.internet.reach.s.isolab"),
    ],
)
def test_registry_balancers_and_services_on_the_host_are_open(lab: str, name: str) -> None:
    assert reach(planned(LABS / f"{lab}.yaml")) == name


def test_balancers_of_a_guest_or_of_another_address_open_nothing(tmp_path: Path) -> None:
    text = (LABS / "balanced.yaml").read_text()
    file = tmp_path / "balanced.yaml"
    file.write_text(text.replace("0.0.0.0:8080", "127.0.0.1:8080"))
    assert reach(planned(file)) == "5000.8081.internet.reach.s.isolab"


def test_the_rules_name_the_open_ports_alone(loaded: list[str]) -> None:
    name = "5000.8080-8082.u514.lan.reach.s.isolab"
    assert libvirt_network.main("started", NETWORK.format(name=name)) == 0
    (rules,) = loaded
    assert "ip daddr 10.1.2.1 tcp dport { 5000, 8080-8082 } accept" in rules
    assert "ip daddr 10.1.2.1 udp dport { 514 } accept" in rules
    assert rules.startswith("table inet isolab-il-s\ndelete table inet isolab-il-s\n")


def test_a_network_without_open_udp_ports_has_no_empty_rule(loaded: list[str]) -> None:
    libvirt_network.main("started", NETWORK.format(name="5000.none.reach.s.isolab"))
    assert "udp dport { }" not in loaded[0]
    assert "th dport 53 accept" in loaded[0]


def written(folder: Path, text: str) -> Path:
    file = folder / "smallest.yaml"
    file.write_text((LABS / "smallest.yaml").read_text() + text)
    return file


def test_ports_of_the_host_are_opened_as_the_file_says(tmp_path: Path) -> None:
    file = written(tmp_path, '\nnetwork: {host_ports: [3142, "53/udp", 8000-8003, 8001]}\n')
    after = planned(file)
    assert reach(after) == "3142.5000.8000-8003.u53.internet.reach.s.isolab"
    (change,) = diff(planned(LABS / "smallest.yaml"), after)
    assert (change.layer, change.change, change.effects) == ("host", "update", ())
    (reason,) = change.reasons
    assert reason.startswith("host_ports none -> 3142/tcp, 53/udp, 8000/tcp")


def test_more_single_ports_than_a_name_can_hold_are_refused(tmp_path: Path) -> None:
    ports = ", ".join(map(str, range(10000, 10100, 2)))
    found = plan_file(
        written(tmp_path, f"\nnetwork: {{host_ports: [{ports}]}}\n"), {}, Surroundings(stack="s")
    )
    assert isinstance(found, tuple)
    assert "too many single ports" in found[0].message
    assert found[0].path == "network.host_ports"


def test_the_table_goes_with_the_network(loaded: list[str]) -> None:
    libvirt_network.main("stopped", NETWORK.format(name="5000.none.reach.s.isolab"))
    assert loaded == ["table inet isolab-il-s\ndelete table inet isolab-il-s\n"]


@pytest.mark.parametrize(
    "name",
    ["web.s.isolab", "5000.all.reach.s.isolab", "5000 }.open.reach.s.isolab", "reach.s.isolab"],
)
def test_other_networks_are_left_alone(loaded: list[str], name: str) -> None:
    assert libvirt_network.main("started", NETWORK.format(name=name)) == 0
    assert not loaded


@pytest.mark.parametrize("outside", ["open", "lan", "none"])
def test_outside_is_told_and_recreates_nothing(tmp_path: Path, outside: str) -> None:
    file = tmp_path / "smallest.yaml"
    file.write_text((LABS / "smallest.yaml").read_text() + f"\nnetwork: {{outside: {outside}}}\n")
    after = planned(file)
    (change,) = diff(planned(LABS / "smallest.yaml"), after)
    assert (change.layer, change.change) == ("host", "update")
    assert change.reasons == (f"outside internet -> {outside}",)
    assert change.effects == ()
    assert reach(after) == f"5000.{outside}.reach.s.isolab"


def test_the_hook_is_installed_where_it_differs(tmp_path: Path) -> None:
    hook = tmp_path / "isolab"
    assert network_hook.state(hook) == "missing"
    hook.write_text("exit 0")
    assert network_hook.state(hook) == "outdated"
    hook.write_bytes(network_hook.SOURCE.read_bytes())
    assert network_hook.state(hook) == "installed"


def test_it_is_worth_a_question_of_its_own() -> None:
    found = provision.actions((), (), lets_in=False, builds=False, closes=True)
    assert found == (network_hook.action(),)


@pytest.mark.parametrize(
    ("lacking", "refused", "ends", "installed"),
    [((), False, False, True), ((), True, False, False), (("skopeo",), True, True, False)],
    ids=["agreed", "refused, all else is there", "refused, a package is missing"],
)
def test_who_has_no_rights_to_install_it_gets_a_lab_that_is_told(
    monkeypatch: pytest.MonkeyPatch,
    lacking: tuple[str, ...],
    *,
    refused: bool,
    ends: bool,
    installed: bool,
) -> None:
    done: list[str] = []
    said: list[str] = []

    def agree(needed: object, *, yes: bool) -> None:
        if refused:
            raise Unable("sudo does not let you do this")

    monkeypatch.setattr(provision.packages, "missing", lambda: lacking)
    monkeypatch.setattr(provision.daemons, "DAEMONS", ())
    monkeypatch.setattr(provision.daemons, "sees_broken", lambda finding: False)
    monkeypatch.setattr(provision.access, "state", lambda: "allowed")
    monkeypatch.setattr(provision, "_images_missing", lambda: False)
    monkeypatch.setattr(provision.guest_shutdown, "will_lack", lambda missing: False)
    monkeypatch.setattr(network_hook, "is_lacking", lambda: True)
    monkeypatch.setattr(provision.privilege, "agree", agree)
    monkeypatch.setattr(provision, "ensure", lambda step, report: done.append(step.name))
    if ends:
        with pytest.raises(Unable):
            provision._system(said.append, yes=False)
        return
    provision._system(said.append, yes=False)
    assert ("network hook" in done) is installed
    assert ("doctor" in " ".join(said)) is not installed


def test_doctor_misses_it_and_a_lab_can_run() -> None:
    check = doctor.hook_check("missing")
    assert (check.verdict, doctor.able([check])) == ("missing", True)
    assert str(network_hook.HOOK) in check.fix
    assert doctor.hook_check("installed").verdict == "ok"
