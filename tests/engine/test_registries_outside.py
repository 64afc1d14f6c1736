"""Images from a registry outside, with TLS by an authority of its own and a login."""

import base64
import http.client
import http.server
import json
import os
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import pytest
import registry as test_registry
import sshd
import tls

from isolab.cli import main
from isolab.plan import images
from machine import paths
from machine.host.docker_cli import docker
from machine.images import outside, reachable, service_catalog, service_images, skopeo, store

pytestmark = pytest.mark.engine

LOGIN = "kim:a password"
KIND = "application/vnd.docker.distribution.manifest.v2+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The registry that stands for the internet."""

    address: str
    authority: Path
    digests: dict[str, str]
    """By tag."""
    process: "subprocess.Popen[bytes]"

    def name(self, tag: str) -> str:
        return f"{self.address}/shop/tiny:{tag}"


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """Serves shop/tiny:1, shop/tiny:2, and both as shop/tiny:all, of which 1 is for amd64."""
    service_images.ensure(print)
    folder = tmp_path_factory.mktemp("internet")
    tls.Maker.new().write(folder)
    hashed = bcrypt.hashpw(LOGIN.partition(":")[2].encode(), bcrypt.gensalt(4)).decode()
    (folder / "users").write_text(f"kim:{hashed}\n")
    address = f"127.0.0.1:{sshd.free_port()}"
    server = folder / "server"
    settings = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
        "http": {
            "addr": address,
            "tls": {"certificate": str(server / "cert.pem"), "key": str(server / "key.pem")},
        },
        "auth": {"htpasswd": {"realm": "test", "path": str(folder / "users")}},
    }
    (folder / "registry.json").write_text(json.dumps(settings))
    assert test_registry.PROGRAM
    process = subprocess.Popen(
        [test_registry.PROGRAM, "serve", str(folder / "registry.json")],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
    )
    deadline = time.monotonic() + 20
    while reachable.refusal(address):
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.1)
    found = Outside(address=address, authority=server / "ca.pem", digests={}, process=process)
    for tag in ("1", "2"):
        found.digests[tag] = _put(found, tag, folder)
    found.digests["all"] = _put_list(found)
    yield found
    process.terminate()
    process.wait()
    for name in outside.recorded():
        if name.startswith(address):
            outside.forget(name)


def _put(into: Outside, tag: str, folder: Path) -> str:
    name, file, told = f"isolab-test/tiny:{tag}", folder / f"{tag}.tar", folder / "digest"
    test_registry.make(name)
    docker("save", "--output", file, name)
    docker("rmi", name)
    subprocess.run(
        [
            "skopeo", "copy", "--insecure-policy", "--quiet", f"--dest-creds={LOGIN}",
            "--dest-tls-verify=false", f"--digestfile={told}",
            f"docker-archive:{file}", f"docker://{into.name(tag)}",
        ],
        check=True,
    )  # fmt: skip
    return told.read_text().strip()


def _put_list(into: Outside) -> str:
    """What a registry has of an image for several processors."""
    rows = [
        {
            "mediaType": KIND,
            "digest": into.digests[tag],
            "size": int(_ask(into, into.digests[tag], "HEAD").headers["Content-Length"]),
            "platform": {"os": "linux", "architecture": processor},
        }
        for tag, processor in (("2", "arm64"), ("1", "amd64"))
    ]
    body = json.dumps({"schemaVersion": 2, "mediaType": LIST, "manifests": rows}).encode()
    return _ask(into, "all", "PUT", body).headers["Docker-Content-Digest"]


def _ask(
    of: Outside, reference: str, method: str, body: bytes | None = None
) -> http.client.HTTPResponse:
    request = urllib.request.Request(
        f"https://{of.address}/v2/shop/tiny/manifests/{reference}", data=body, method=method
    )
    request.add_header("Authorization", f"Basic {base64.b64encode(LOGIN.encode()).decode()}")
    request.add_header("Accept", KIND)
    request.add_header("Content-Type", LIST)
    context = ssl.create_default_context(cafile=str(of.authority))
    return urllib.request.urlopen(request, timeout=10, context=context)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home, without logins and certificates; the cache stays where it is."""
    monkeypatch.setenv("ISOLAB_CACHE", str(paths.cache()))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def trust(home: Path, internet: Outside) -> None:
    folder = home / ".config/containers/certs.d" / internet.address
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes(internet.authority.read_bytes())


def configure(home: Path, **config: object) -> None:
    (home / ".docker").mkdir(exist_ok=True)
    (home / ".docker/config.json").write_text(json.dumps(config))


def log_in(home: Path, internet: Outside) -> None:
    auth = base64.b64encode(LOGIN.encode()).decode()
    configure(home, auths={internet.address: {"auth": auth}})


def test_an_image_is_fetched_with_the_login_that_docker_has(home: Path, internet: Outside) -> None:
    trust(home, internet)
    log_in(home, internet)
    assert main(["image", "pull", internet.name("1")]) == 0
    row = outside.recorded()[internet.name("1")]
    assert (row.digest, row.origin) == (internet.digests["1"], "outside")
    repository = images.outside(internet.name("1"))
    assert service_catalog.is_stored(repository, row.digest)


def test_a_credential_helper_is_asked(
    home: Path, internet: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(home, internet)
    helper = home / "docker-credential-isolabtest"
    name, _, password = LOGIN.partition(":")
    answer = json.dumps({"ServerURL": internet.address, "Username": name, "Secret": password})
    helper.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    configure(home, credHelpers={internet.address: "isolabtest"})
    assert main(["image", "pull", internet.name("2")]) == 0
    assert outside.recorded()[internet.name("2")].digest == internet.digests["2"]


def test_of_an_image_for_several_processors_this_machines_is_fetched(
    home: Path, internet: Outside
) -> None:
    trust(home, internet)
    log_in(home, internet)
    pinned = f"{internet.address}/shop/tiny@{internet.digests['all']}"
    for name in (internet.name("all"), pinned):
        (row,) = store.pull([name], print).values()
        assert row.digest == internet.digests["1"]


def test_a_registry_that_is_not_trusted_or_wants_a_login_is_told_as_that(
    home: Path, internet: Outside
) -> None:
    assert reachable.refusal(internet.address) == ""
    trust(home, internet)
    with pytest.raises(skopeo.NoImage, match="docker login"):
        store.pull([internet.name("1")], print)
    log_in(home, internet)
    with pytest.raises(skopeo.NoImage, match="no such image"):
        store.pull([internet.name("none")], print)
    authority = home / ".config/containers/certs.d" / internet.address / "ca.crt"
    authority.unlink()
    with pytest.raises(skopeo.NoImage, match="not trusted"):
        store.pull([internet.name("1")], print)


class Limited(http.server.BaseHTTPRequestHandler):
    """Docker Hub, when somebody has pulled too much."""

    def do_GET(self) -> None:
        self.send_response(429)
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(b'{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}')

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test looks at what skopeo says."""


@contextmanager
def limited() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Limited) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_rate_limit_is_told_as_one(home: Path) -> None:
    with limited() as address, pytest.raises(skopeo.NoImage) as refused:
        store.pull([f"{address}/shop/tiny:1"], print)
    assert "limits how many images may be pulled" in refused.value.message
