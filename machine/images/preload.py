"""Puts the layers of service images into a guest's disk, where a later pull finds them."""

import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from machine.host import answers
from machine.host.docker_cli import DockerFailed
from machine.images import registry, service_catalog

Report = Callable[[str], None]

TIMEOUT = 60
"""Seconds that the passing dockerd may take to answer, and to end."""
ONE_TRY = 10
"""Seconds for one answer of it."""
LAYERS = ("image", "overlay2")
"""What of a data root makes the layers; all else is recreated at the guest's first start."""


def preload_digest() -> str:
    """Changes when what preload puts into a guest does."""
    return hashlib.sha256("\n".join(map(" ".join, _images())).encode()).hexdigest()


def preload(rootfs: Path, report: Report) -> None:
    """Fills ROOTFS/var/lib/docker; the images are there under names that nobody asks for.

    They come out of the registry by digest, not out of an archive: only so does Docker remember
    which of the registry's blobs became which layer, and need not fetch it again.
    """
    root = rootfs / "var/lib/docker"
    root.mkdir(parents=True, exist_ok=True)
    with (
        registry.serving_apart(registry.load_image()) as (address, neighbour),
        _passing_dockerd(root, neighbour) as host,
    ):
        for name, digest in _images():
            started = time.monotonic()
            tag = f"isolab/preload:{name.partition(':')[0].rpartition('/')[2]}"
            registry.pull(name, digest, address, tag=tag, host=host)
            report(f"layers of {name}: in the guest's disk in {time.monotonic() - started:.0f} s")
    remove_all_but_layers(root)


def remove_all_but_layers(root: Path) -> None:
    """Leaves of a data root what a guest's Docker is to find there."""
    for path in root.iterdir():
        if path.name in LAYERS:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            # From Docker 23 on there is a file with the daemon's own id, which no two may share.
            path.unlink()


def _images() -> list[tuple[str, str]]:
    built = service_catalog.read()
    return [
        (recipe.name, built[recipe.name].digest)
        for recipe in service_catalog.IMAGES
        if recipe.preloaded
    ]


@contextmanager
def _passing_dockerd(root: Path, neighbour: str) -> Generator[str, None, None]:
    """A second dockerd that only unpacks: its address.

    It lives in the network namespace of the process neighbour: a dockerd without a bridge removes
    docker0 where it starts, also when that belongs to another dockerd.
    """
    with tempfile.TemporaryDirectory(prefix="isolab-preload-") as folder:
        run = Path(folder)
        address = f"unix://{run}/docker.sock"
        (run / "daemon.json").write_text("{}")
        with (run / "log").open("w") as log:
            process = subprocess.Popen(
                [
                    "nsenter", f"--net=/proc/{neighbour}/ns/net",
                    # It may mount its data root onto itself, and not unmount it at its end.
                    "unshare", "--mount",
                    "dockerd", f"--data-root={root}", f"--exec-root={run}/exec",
                    f"--pidfile={run}/pid", f"--host={address}", "--storage-driver=overlay2",
                    "--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false",
                    f"--config-file={run}/daemon.json",
                    # Without a name of its own it would clean up after the other dockerd.
                    "--containerd-namespace=isolab-preload",
                    "--containerd-plugins-namespace=isolab-preload-plugins",
                ],
                stdout=log,
                stderr=log,
            )  # fmt: skip
        try:
            _wait(process, address, run / "log")
            yield address
        finally:
            process.terminate()
            process.wait(TIMEOUT)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    saw = answers.until(
        lambda: answers.of_command(["docker", "--host", address, "version"], ONE_TRY),
        TIMEOUT,
        over=lambda: process.poll() is not None,
    )
    if saw:
        said = "\n".join(log.read_text().splitlines()[-5:])
        raise DockerFailed(f"the dockerd that unpacks layers did not start: {saw}\n{said}")
