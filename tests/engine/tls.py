"""A second dockerd that listens on TCP and takes nobody without a certificate of its own maker."""

import datetime
import ipaddress
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sshd
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BRIDGE = "isolab-tls"
PROGRAM = shutil.which("dockerd", path="/usr/sbin:/usr/bin:/usr/local/bin")
TIMEOUT = 30


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Someone who makes certificates that those trust who trust him."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls) -> "Maker":
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("a maker of certificates")
        able = x509.BasicConstraints(ca=True, path_length=0)
        made = _builder(name, name, key).add_extension(able, critical=True)
        return cls(name=name, key=key, certificate=made.sign(key, hashes.SHA256()))

    def write(self, folder: Path) -> None:
        """Folders `server` and `client`, each with ca.pem, cert.pem and key.pem."""
        for who, use in (
            ("server", ExtendedKeyUsageOID.SERVER_AUTH),
            ("client", ExtendedKeyUsageOID.CLIENT_AUTH),
        ):
            key = ec.generate_private_key(ec.SECP256R1())
            here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            made = (
                _builder(_name(who), self.name, key)
                .add_extension(here, critical=False)
                .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
                .sign(self.key, hashes.SHA256())
            )
            place = folder / who
            place.mkdir(parents=True)
            pem = serialization.Encoding.PEM
            (place / "ca.pem").write_bytes(self.certificate.public_bytes(pem))
            (place / "cert.pem").write_bytes(made.public_bytes(pem))
            (place / "key.pem").write_bytes(
                key.private_bytes(
                    pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    who: x509.Name, maker: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(maker)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
    )


@contextmanager
def daemon(folder: Path, certificates: Path) -> Iterator[str]:
    """The address of a dockerd; its client's certificates are below `certificates`."""
    assert PROGRAM
    address = f"tcp://127.0.0.1:{sshd.free_port()}"
    server = certificates / "server"
    (folder / "daemon.json").write_text("{}")
    # With `--bridge=none` it would remove docker0, which is the first dockerd's.
    subprocess.run(["ip", "link", "add", BRIDGE, "type", "bridge"], check=True)
    subprocess.run(["ip", "address", "add", "198.51.100.1/24", "dev", BRIDGE], check=True)
    process = subprocess.Popen(
        [
            PROGRAM, f"--host={address}", "--tlsverify", f"--tlscacert={server}/ca.pem",
            f"--tlscert={server}/cert.pem", f"--tlskey={server}/key.pem",
            f"--config-file={folder}/daemon.json", f"--data-root={folder}/data",
            f"--exec-root={folder}/exec", f"--pidfile={folder}/pid", "--storage-driver=vfs",
            f"--bridge={BRIDGE}", "--iptables=false", "--exec-opt=native.cgroupdriver=cgroupfs",
        ],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
    )  # fmt: skip
    try:
        _wait(address, certificates / "client", process, folder / "log")
        yield address
    finally:
        process.terminate()
        process.wait(30)
        subprocess.run(["ip", "link", "delete", BRIDGE], check=True)


def _wait(address: str, client: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ask = [
        "docker", "--host", address, "--tlsverify", f"--tlscacert={client}/ca.pem",
        f"--tlscert={client}/cert.pem", f"--tlskey={client}/key.pem", "info",
    ]  # fmt: skip
    end = time.monotonic() + TIMEOUT
    while subprocess.run(ask, capture_output=True, check=False).returncode:
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < end, log.read_text()[-2000:]
        time.sleep(0.2)
