"""A registry of the test's own, with two tiny images, on the loopback."""

import io
import shutil
import subprocess
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path

import docker
import sshd

PROGRAM = shutil.which("docker-registry")
BUSYBOX = Path("/bin/busybox")


@dataclass(kw_only=True)
class Registry:
    """Serves `tiny:1` and `tiny:2`, each a busybox that serves an empty page."""

    address: str
    process: "subprocess.Popen[bytes]"
    client: docker.DockerClient

    @classmethod
    def start(cls, folder: Path) -> "Registry":
        """Makes the images, starts the registry and fills it."""
        assert PROGRAM
        folder.mkdir()
        address = f"127.0.0.1:{sshd.free_port()}"
        settings = folder / "registry.yml"
        settings.write_text(
            "version: 0.1\nlog: {level: error}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder}/storage}}}}\n"
            f"http: {{addr: '{address}'}}\n"
        )
        process = subprocess.Popen(
            [PROGRAM, "serve", str(settings)],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("wb"),
        )
        registry = cls(address=address, process=process, client=docker.from_env())
        for tag in ("1", "2"):
            registry._push(tag)
        return registry

    def _push(self, tag: str) -> None:
        name = f"{self.address}/tiny"
        make(f"{name}:{tag}")
        for _ in range(50):
            last = self.client.images.push(name, tag).splitlines()[-1]
            if "error" not in last:
                break
            time.sleep(0.1)
        else:
            raise AssertionError(last)
        self.forget(tag)

    def forget(self, tag: str) -> None:
        """The daemon has the image no more: a pull has to bring it."""
        self.client.images.remove(f"{self.address}/tiny:{tag}", force=True)

    def has(self, tag: str) -> bool:
        """Whether the daemon has the image."""
        return bool(self.client.images.list(f"{self.address}/tiny:{tag}"))

    def stop(self) -> None:
        """Ends it; its images leave the daemon."""
        self.process.terminate()
        self.process.wait()
        for image in self.client.images.list(f"{self.address}/tiny"):
            self.client.images.remove(image.id, force=True)


def make(name: str) -> None:
    """An image in this machine's Docker, whose tag tells its edition."""
    repository, _, tag = name.rpartition(":")
    settings = [
        'ENTRYPOINT ["/bin/busybox"]',
        'CMD ["httpd","-f","-p","80"]',
        f"LABEL edition={tag}",
    ]
    docker.from_env().api.import_image_from_data(
        _root(), repository=repository, tag=tag, changes=settings
    )


def _root() -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(BUSYBOX, "bin/busybox")
        for name in ("sh", "sleep"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for name in ("tmp", "data", "etc", "host"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
    return archive.getvalue()
