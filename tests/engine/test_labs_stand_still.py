"""A lab that nobody changed: what is up stays as it is, at each up and after each refresh.

Where both sets of plugins stand, a lab that one of them made stays as it is on the other, and back.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import docker_bench
import domains
import harness
import libvirt_bench
import pytest
import registry
import sshd

from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from machine import sandbox
from machine.engine import plugins
from machine.images import guest_image

pytestmark = [
    docker_bench.needed,
    libvirt_bench.needed,
    pytest.mark.skipif(not sandbox.inside(), reason="needs addresses and folders of its own"),
]

REPO = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("lab_program.py").read_text()
OFTEN = ("reference", "every-input")
"""The labs that are tried each time; the others take minutes together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One guest of a lab."""

    lab: Path
    guest: str

    def __str__(self) -> str:
        return f"{self.lab.stem}-{self.guest}"


def parts() -> Iterator[object]:
    """Each guest that differs from those of its group."""
    labs = [*(REPO / "stacks").glob("*.yaml"), *(REPO / "tests/labs/valid").glob("*.yaml")]
    for lab in sorted(labs):
        plan = plan_file(lab, {}, Surroundings(stack="test"))
        assert isinstance(plan, Plan), lab
        groups = {guest.group: guest.name for guest in reversed(plan.guests)}
        for guest in sorted(groups.values()):
            marks = [] if lab.stem in OFTEN else [pytest.mark.long]
            part = Part(lab=lab, guest=guest)
            yield pytest.param(part, marks=marks, id=str(part))


@pytest.fixture(scope="module")
def bench(
    images: registry.Registry,
    guest: sshd.Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[harness.Bench]:
    """The program in a place where a guest's containers and files are nobody else's."""
    folder = tmp_path_factory.mktemp("labs")
    disk, image = folder / "disk.qcow2", guest_image.find()
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(disk), "64M"], check=True)
    # Files of containers lie there; this is the sandbox's alone.
    files = Path("/var/lib/isolab")
    files.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(files)], check=True)
    made = harness.Bench(
        folder / "bench", PROGRAM, ["libvirt", "docker", "command"], project="isolab"
    )
    client = docker.from_env()
    tiny = client.images.pull(f"{images.address}/tiny", tag="1")
    # The lab's registry runs it too: what removes the name above leaves the image.
    tiny.tag("isolab-test-registry", "1")
    made.place(
        {
            "docker": docker_bench.SOCKET,
            "registry": images.address,
            "image": tiny.id,
            "folder": str(folder),
            "disk": str(disk),
            # The official plugin starts a domain before it stops it.
            "kernel": image and image.kernel,
            "initrd": image and image.initrd,
            "connection": {
                "host": "127.0.0.1",
                "port": guest.port,
                "user": guest.user,
                "private_key": guest.key("client"),
                "host_key": guest.key("host.pub"),
            },
        }
    )
    yield made
    subprocess.run(["umount", str(files)], check=True)


def proposed(bench: harness.Bench) -> dict[str, object]:
    """The changes that a preview proposes, by resource."""
    return {step["name"]: step["detailedDiff"] for step in bench.preview()}


def other_sets(first: plugins.Source) -> tuple[plugins.Source, ...]:
    """The other set and back again, where both stand on this machine."""
    if plugins.missing("official"):
        return ()
    return ("airgap" if first == "official" else "official", first)


def remove_what_goes_with_a_guest() -> None:
    """A destroy leaves it to the guest's disk, on which it would lie."""
    client = docker.from_env()
    for container in client.containers.list(all=True):
        container.remove(force=True)
    client.networks.prune()
    client.volumes.prune()


REFERENCE = REPO / "stacks/reference.yaml"
DOMAIN = "isolab-test-app-1"


@pytest.fixture
def lab(bench: harness.Bench) -> Iterator[harness.Bench]:
    """The bench, empty again at the end."""
    yield bench
    bench.destroy()
    remove_what_goes_with_a_guest()


def test_a_domain_that_was_made_with_the_providers_disks_stays(lab: harness.Bench) -> None:
    present = {"lab": str(REFERENCE), "guest": "app-1"}
    lab.scenario({**present, "older": True})
    lab.up()
    older = domain_xml()
    assert "<backingStore" not in older
    lab.scenario(present)
    assert proposed(lab) == {}
    lab.up()
    lab.refresh()
    assert proposed(lab) == {}
    assert domain_xml() == older
    for source in other_sets(lab.source):
        lab.use(source)
        assert proposed(lab) == {}, f"on the plugins of {source}"


def test_a_stack_whose_folder_has_moved_stays(lab: harness.Bench) -> None:
    present = {"lab": str(REFERENCE), "guest": "app-1"}
    lab.scenario(present)
    lab.up()
    lab.scenario({**present, "seeds": "moved"})
    assert proposed(lab) == {}
    lab.up()
    assert proposed(lab) == {}


def test_a_guest_with_the_providers_cloud_init_disk_stays(lab: harness.Bench) -> None:
    present = {"lab": str(REFERENCE), "guest": "app-1"}
    lab.scenario({**present, "cloud_init_disk": True})
    lab.up()
    assert "app-1-seed.iso" in domain_xml()
    lab.scenario(present)
    assert proposed(lab) == {}
    lab.refresh()
    assert proposed(lab) == {}
    assert "app-1-seed.iso" in domain_xml()


def test_another_content_is_another_seed(lab: harness.Bench) -> None:
    """Its volume has the name of the one before, and its domain starts from the new one."""
    present = {"lab": str(REFERENCE), "guest": "app-1"}
    lab.scenario(present)
    lab.up()
    lab.scenario({**present, "seed": "1"})
    assert proposed(lab).keys() >= {"app-1-seed", "app-1-domain"}
    lab.up()
    assert proposed(lab) == {}


@pytest.mark.skipif(not domains.HELPER.exists(), reason="needs libvirt's virt-aa-helper")
def test_a_domains_apparmor_profile_has_all_its_files(lab: harness.Bench) -> None:
    lab.scenario({"lab": str(REFERENCE), "guest": "app-1"})
    lab.up()
    pool = "/var/lib/libvirt/isolab/test"
    files = domains.allowed(domain_xml(), (pool, "/nowhere"))
    disks = ("app-1-root", "app-1-data", "app-1-cidata.iso")
    assert {f'"{pool}/{disk}" rwk' for disk in disks} <= files
    assert {f'"{pool}/base" rk', f'"{pool}/kernel" r', f'"{pool}/initrd" r'} <= files
    assert Path(pool).stat().st_mode & 0o001, "QEMU's user cannot pass the pool's folder"


RESTARTS = """\
guests: {app: {}}
services:
  db: {image: "isolab/mariadb:1", environment: {COLOR: red}}
  web:
    image: isolab/guestbook:1
    depends_on: {db: {condition: service_started, restart: true}}
  page:
    image: isolab/guestbook:1
    depends_on: {web: {condition: service_started, restart: true}}
  idle: {image: "isolab/guestbook:1", depends_on: [db]}
"""


@pytest.mark.long
def test_what_restarts_with_another_is_recreated_with_it(
    lab: harness.Bench, tmp_path: Path
) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(RESTARTS)
    lab.scenario({"lab": str(file), "guest": "app-1"})
    lab.up()
    before = containers()
    assert proposed(lab) == {}
    file.write_text(RESTARTS.replace("red", "blue"))
    lab.up()
    after = containers()
    assert {name for name in before if before[name] != after[name]} == {"db-1", "web-1", "page-1"}
    assert proposed(lab) == {}


SHARES = """\
guests: {app: {}}
services:
  web: {image: "isolab/guestbook:1", domainname: lab.example, environment: {COLOR: red}}
  other: {image: "isolab/guestbook:1", network_mode: "service:web", restart: always}
"""


@pytest.mark.long
def test_a_network_of_another_is_recreated_with_it(lab: harness.Bench, tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(SHARES)
    lab.scenario({"lab": str(file), "guest": "app-1"})
    lab.up()
    before = containers()
    assert network_of("other-1") == f"container:{before['web-1']}"
    file.write_text(SHARES.replace("image", "mem_limit: 64m, image", 1))
    lab.up()
    assert containers() == before, "a change as it runs recreates nobody"
    file.write_text(SHARES.replace("red", "blue"))
    lab.up()
    after = containers()
    assert before["web-1"] != after["web-1"]
    assert network_of("other-1") == f"container:{after['web-1']}"
    assert proposed(lab) == {}
    # As after a start of its guest, where Docker starts the other one alone.
    docker.from_env().containers.get("other-1").stop(timeout=0)
    lab.refresh()
    lab.up()
    assert containers().keys() == after.keys()


def network_of(container: str) -> str:
    """What Docker was told of its network."""
    found = docker.from_env().containers.get(container)
    return str(found.attrs["HostConfig"]["NetworkMode"])


def containers() -> dict[str, str | None]:
    """Those that run, by name, each with its id."""
    return {str(c.name): c.id for c in docker.from_env().containers.list()}


def domain_xml() -> str:
    """The reference lab's domain as it was defined."""
    words = ["virsh", "-qc", libvirt_bench.URI, "dumpxml", "--inactive", DOMAIN]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("part", list(parts()))
def test_nothing_is_proposed_where_nothing_changed(part: Part, bench: harness.Bench) -> None:
    bench.scenario({"lab": str(part.lab), "guest": part.guest})
    try:
        bench.up()
        assert proposed(bench) == {}, "right after an up"
        bench.up()
        bench.refresh()
        assert proposed(bench) == {}, "after a refresh"
        for source in other_sets(bench.source):
            bench.use(source)
            assert proposed(bench) == {}, f"on the plugins of {source}"
            bench.refresh()
            assert proposed(bench) == {}, f"on the plugins of {source}, after a refresh"
    finally:
        try:
            bench.destroy()
        finally:
            remove_what_goes_with_a_guest()
