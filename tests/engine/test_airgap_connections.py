"""The ways to a daemon, and what happens when one is lost."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker_bench
import harness
import libvirt_bench
import pytest
import registry
import sshd
import tls
from pulumi.runtime.proto import provider_pb2

from airgap.docker.__main__ import PLUGIN as DOCKER
from airgap.framework import Plugin, values
from airgap.framework.journal import Journal
from airgap.framework.servicer import Servicer
from airgap.libvirt.__main__ import PLUGIN as LIBVIRT


class Aborted(Exception):
    """What a gRPC context does to a call that failed."""


class Call:
    """A gRPC context of nobody."""

    def abort(self, code: Any, text: str) -> None:
        raise Aborted(text)

    def set_trailing_metadata(self, metadata: Any) -> None:
        pass


class Asked:
    """A plugin that is asked without an engine."""

    def __init__(self, plugin: Plugin, folder: Path, config: dict[str, Any]) -> None:
        self.servicer = Servicer(plugin, journal=Journal(folder / "journal"))
        wire = {n: v if isinstance(v, str) else json.dumps(v) for n, v in config.items()}
        self.servicer.Configure(provider_pb2.ConfigureRequest(args=values.dump(wire)), Call())

    def create(self, token: str, inputs: dict[str, Any]) -> str:
        request = provider_pb2.CreateRequest(urn=urn(token), properties=values.dump(inputs))
        return self.servicer.Create(request, Call()).id

    def read(self, token: str, id: str, inputs: dict[str, Any]) -> str:
        known = values.dump(inputs)
        request = provider_pb2.ReadRequest(urn=urn(token), id=id, properties=known, inputs=known)
        return self.servicer.Read(request, Call()).id

    def delete(self, token: str, id: str, inputs: dict[str, Any]) -> None:
        known = values.dump(inputs)
        self.servicer.Delete(
            provider_pb2.DeleteRequest(urn=urn(token), id=id, properties=known), Call()
        )


def urn(token: str) -> str:
    return f"urn:pulumi:test::bench::{token}::one"


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Any]:
    made: list[Asked] = []

    def ask(plugin: Plugin, config: dict[str, Any]) -> Asked:
        made.append(Asked(plugin, tmp_path, config))
        return made[-1]

    yield ask
    for each in made:
        each.servicer.close()


def over_ssh(guest: sshd.Server) -> str:
    keys = f"keyfile={guest.folder}/client&knownhosts={guest.folder}/known_hosts"
    return f"qemu+ssh://{guest.user}@127.0.0.1:{guest.port}/system?{keys}"


def logins(guest: sshd.Server) -> int:
    return (guest.folder / "log").read_text().count("Accepted publickey")


@pytest.mark.airgap("the official plugin dials as often as it likes")
@libvirt_bench.needed
def test_libvirt_over_ssh_is_one_connection(guest: sshd.Server) -> None:
    with libvirt_bench.up(over_ssh(guest)) as bench:
        assert bench.preview() == []
        before = logins(guest)
        bench.refresh()
        assert logins(guest) == before + 1
        assert bench.preview() == []


@pytest.mark.airgap("the words of the error are its own")
@libvirt_bench.needed
def test_a_host_with_another_key_is_refused(guest: sshd.Server, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text(
        f"[127.0.0.1]:{guest.port} {(guest.folder / 'other.pub').read_text()}"
    )
    wrong = over_ssh(guest).replace(f"{guest.folder}/known_hosts", f"{tmp_path}/known_hosts")
    bench = libvirt_bench.new_bench(tmp_path, wrong)
    said = bench.failing_up()
    assert "libvirt does not answer at qemu+ssh://" in said
    assert "Host key verification failed" in said


@pytest.mark.airgap("asks the plugin without an engine")
@libvirt_bench.needed
def test_libvirt_of_the_user_alone(tmp_path: Path, asked: Any) -> None:
    session = asked(LIBVIRT, {"uri": "qemu:///session"})
    pool = {"name": "fid-own", "type": "dir", "target": {"path": str(tmp_path / "own")}}
    id = session.create("libvirt:index/pool:Pool", pool)
    try:
        assert session.read("libvirt:index/pool:Pool", id, pool) == id
        assert (tmp_path / "own").is_dir()
    finally:
        session.delete("libvirt:index/pool:Pool", id, pool)
    assert not (tmp_path / "own").exists()


@pytest.mark.airgap("asks the plugin without an engine")
@libvirt_bench.needed
def test_a_lost_libvirt_is_named_and_found_again(
    guest: sshd.Server, tmp_path: Path, asked: Any
) -> None:
    far = asked(LIBVIRT, {"uri": over_ssh(guest)})
    pool = {"name": "fid-far", "type": "dir", "target": {"path": str(tmp_path / "far")}}
    kind = "libvirt:index/pool:Pool"
    id = far.create(kind, pool)
    try:
        guest.stop()
        # A connection that is known to be lost by now is recreated, which fails in other words.
        said = rf"(the connection to qemu\+ssh://.*:{guest.port}.* lost|does not answer at qemu)"
        with pytest.raises(Aborted, match=said):
            far.read(kind, id, pool)
        with pytest.raises(Aborted, match="libvirt does not answer at qemu"):
            far.read(kind, id, pool)
        guest.start()
        assert far.read(kind, id, pool) == id
    finally:
        far.delete(kind, id, pool)


@pytest.mark.airgap("asks the plugin without an engine")
@docker_bench.needed
def test_a_lost_docker_is_named_and_found_again(guest: sshd.Server, asked: Any) -> None:
    provider = docker_bench.over_ssh(guest)
    far = asked(DOCKER, {"host": provider["host"], "sshOpts": provider["ssh_opts"]})
    kind, volume = "docker:index/volume:Volume", {"name": "fid-far"}
    id = far.create(kind, volume)
    try:
        guest.stop()
        host = rf"ssh://.*127\.0\.0\.1:{guest.port}"
        with pytest.raises(Aborted, match=f"(connection to|does not answer at) {host}"):
            far.read(kind, id, volume)
        guest.start()
        before = logins(guest)
        assert far.read(kind, id, volume) == id
        assert far.read(kind, id, volume) == id
        assert logins(guest) == before + 1
    finally:
        far.delete(kind, id, volume)


@pytest.mark.airgap("asks the plugin without an engine")
@docker_bench.needed
def test_what_a_lost_connection_may_have_left_is_looked_for(
    guest: sshd.Server, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = docker_bench.over_ssh(guest)
    far = asked(DOCKER, {"host": provider["host"], "sshOpts": provider["ssh_opts"]})
    kind, network = "docker:index/network:Network", {"name": "fid-far-net", "ipamDriver": "default"}
    real = docker.APIClient.create_network

    def cut(*words: Any, **more: Any) -> Any:
        real(*words, **more)  # the daemon has made it, but nobody hears of that
        guest.stop()
        return words[0].ping()

    monkeypatch.setattr(docker.APIClient, "create_network", cut)
    with pytest.raises(Aborted):
        far.create(kind, network)
    assert docker_bench.what_there_is() == ["fid-far-net"]
    monkeypatch.undo()
    guest.start()
    far.servicer.close()  # an orderly end in between changes nothing
    id = far.create(kind, network)
    far.delete(kind, id, network)
    assert docker_bench.what_there_is() == []


@pytest.fixture(scope="module")
def behind_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    certificates = tmp_path_factory.mktemp("certificates")
    tls.Maker.new().write(certificates)
    # Short: the names of its sockets have to fit.
    with tls.daemon(tmp_path_factory.mktemp("d"), certificates) as address:
        yield address, certificates / "client"


@docker_bench.needed
@pytest.mark.parametrize("way", ["material", "path"])
def test_docker_over_tcp_with_certificates(
    images: registry.Registry, behind_tls: tuple[str, Path], tmp_path: Path, way: str
) -> None:
    address, client = behind_tls
    material = {f"{n}_material": (client / f"{n}.pem").read_text() for n in ("ca", "cert", "key")}
    given = material if way == "material" else {"cert_path": str(client)}
    place = docker_bench.OTHER_PLACE
    bench = docker_bench.new_bench(tmp_path / "bench", images, place, host=address, **given)
    bench.scenario({"container": False})
    bench.up()
    try:
        assert bench.preview() == []
        bench.refresh()
        assert bench.preview() == []
        assert docker_bench.what_there_is() == []  # it is another daemon
        if way == "material":
            key = material["key_material"].splitlines()[1]
            told = bench.must("stack", "export", "--stack", "test").output
            assert key not in told
            assert key not in bench.run("preview", "--diff", "--stack", "test").text
    finally:
        bench.destroy()


@pytest.mark.airgap("the words of the error are its own")
@docker_bench.needed
def test_a_wrong_certificate_is_one_line(
    images: registry.Registry, behind_tls: tuple[str, Path], tmp_path: Path
) -> None:
    tls.Maker.new().write(tmp_path / "others")
    place, wrong = docker_bench.OTHER_PLACE, str(tmp_path / "others" / "client")
    address = behind_tls[0]
    bench = docker_bench.new_bench(tmp_path / "b", images, place, host=address, cert_path=wrong)
    bench.scenario({"container": False})
    said = bench.failing_up()
    assert f"Docker does not answer at {address}" in said
    assert "certificate" in said.lower()


RESHAPED = """
import pulumi, pulumi_libvirt as libvirt
options = pulumi.ResourceOptions(provider=libvirt.Provider("host", uri="qemu:///system"))
pool = libvirt.Pool("pool", name="fid-xml", type="dir", target={"path": PLACE}, opts=options)
disk = libvirt.Volume("disk", name="fid-xml", pool=pool.name, size=2**20, opts=options)
same = "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>" \\
    "<xsl:template match='@*|node()'><xsl:copy><xsl:apply-templates select='@*|node()'/>" \\
    "</xsl:copy></xsl:template></xsl:stylesheet>"
libvirt.Domain("dom", name="fid-xml-dom", type="qemu", memory=16, machine="pc", running=False,
    disks=[{"volume_id": disk.id}], xml={"xslt": same}, opts=options)
"""


@libvirt_bench.needed
def test_a_domain_with_a_stylesheet_has_the_outputs_of_one_without(tmp_path: Path) -> None:
    program = f"PLACE = {str(tmp_path / 'pool')!r}\n{RESHAPED}"
    bench = harness.Bench(tmp_path / "bench", program, ["libvirt"])
    try:
        bench.up()
        (disk,) = bench.resources()["dom"]["outputs"]["disks"]
        assert set(disk) == {"blockDevice", "file", "scsi", "url", "volumeId", "wwn"}
        bench.refresh()
        assert bench.preview() == []
    finally:
        bench.destroy()


EIGHT = """
import pulumi, pulumi_libvirt as libvirt
provider = libvirt.Provider("host", uri="qemu:///system")
for n in range(8):
    libvirt.Domain(f"d{n}", name=f"fid-many-{n}", type="qemu", memory=16, machine="pc",
        opts=pulumi.ResourceOptions(provider=provider))
"""


@libvirt_bench.needed
def test_eight_domains_at_once(tmp_path: Path) -> None:
    bench = harness.Bench(tmp_path / "bench", EIGHT, ["libvirt"])
    try:
        began = time.monotonic()
        bench.up()
        print(f"8 domains in {time.monotonic() - began:.1f} s")
        assert libvirt_bench.what_there_is() == [f"fid-many-{n}" for n in range(8)]
        bench.refresh()
        assert bench.preview() == []
    finally:
        bench.destroy()
    assert libvirt_bench.what_there_is() == []
