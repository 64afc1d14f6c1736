"""Runs skopeo, which copies images between archives, folders and registries."""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from machine import paths
from machine.steps import Unable

CERTIFICATES = "/etc/docker/certs.d"
"""Where a registry's own certificate authority lies, in a folder with the registry's name."""
FURTHER_CERTIFICATES = ("/etc/containers/certs.d", "~/.config/containers/certs.d")
"""Where skopeo looks for it, too."""
TIMEOUT = 3600.0
"""Seconds for one copy."""
_SAID = re.compile(r'msg="((?:[^"\\]|\\.)*)"')


class NoImage(Unable):
    """skopeo could not read or copy an image; the text says why, the hint what to do."""


def copy(source: str, address: str, name: str, *options: str) -> str:
    """Copy an image to the registry that listens at an address of this machine; its digest."""
    with tempfile.TemporaryDirectory(prefix="isolab-skopeo-") as folder:
        told = Path(folder) / "digest"
        _run(
            "copy", "--quiet", "--dest-tls-verify=false", f"--digestfile={told}", *options,
            source, f"docker://{address}/{name}",
        )  # fmt: skip
        return told.read_text().strip()


def manifest(source: str, *options: str) -> str:
    """An image's manifest, or its list of manifests, as it is."""
    return _run("inspect", "--raw", *options, source)


def verification(registry: str, option: str) -> tuple[str, ...]:
    """As Docker does it: what listens on the loopback need not prove who it is."""
    folders = (CERTIFICATES, *FURTHER_CERTIFICATES)
    trusted = any((Path(folder).expanduser() / registry).is_dir() for folder in folders)
    return (f"--{option}=false",) if _on_loopback(registry) and not trusted else ()


def _run(*words: str) -> str:
    command = ["skopeo", "--insecure-policy", f"--tmpdir={paths.SCRATCH}", *words]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise Unable("skopeo is not on this machine", "apt-get install skopeo") from error
    except subprocess.TimeoutExpired as error:
        raise Unable(f"skopeo did not end within {TIMEOUT:.0f} s") from error
    if done.returncode:
        source = next((word for word in words[1:] if not word.startswith("--")), "")
        raise NoImage(*explained(source.removeprefix("docker://"), done.stderr))
    return done.stdout


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Credentials are where Docker has them."""
    config = Path(given.get("DOCKER_CONFIG") or "/nowhere") / "config.json"
    chosen = {"REGISTRY_AUTH_FILE": str(config)} if config.is_file() else {}
    return {**chosen, **given}


def explained(source: str, stderr: str) -> tuple[str, str]:
    """What skopeo's last words mean: what happened, and what to do about it."""
    said = _SAID.findall(stderr)
    words = said[-1].replace('\\"', '"') if said else stderr.strip().splitlines()[-1:] or [""]
    text = words if isinstance(words, str) else words[0]
    low = text.lower()
    registry = source.partition("/")[0]
    if "toomanyrequests" in low or "too many requests" in low or "429" in low:
        who = "Docker Hub" if registry == "docker.io" else registry
        return (
            f"{source}: {who} limits how many images may be pulled, and the limit is reached",
            f"wait, or log in, which raises the limit: "
            f"`docker login{'' if registry == 'docker.io' else f' {registry}'}` ({text})",
        )
    if "x509" in low or "certificate" in low:
        return (
            f"{source}: the registry's certificate is not trusted",
            f"put its CA certificate into {CERTIFICATES}/{registry}/ca.crt ({text})",
        )
    if "unauthorized" in low or "authentication required" in low or "denied" in low:
        return (
            f"{source}: the registry requires a login, or has no such image",
            f"docker login{'' if registry == 'docker.io' else f' {registry}'} ({text})",
        )
    if "manifest unknown" in low or "name unknown" in low:
        return (f"{source}: the registry has no such image", text)
    return (f"{source} could not be copied", text)


def _on_loopback(registry: str) -> bool:
    host = re.sub(r":\d+$", "", registry).strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
