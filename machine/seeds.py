"""The guests' cloud-init seeds, as the files that libvirt's volumes are filled from."""

from hashlib import sha256
from pathlib import Path

from airgap.libvirt import iso
from machine import private_files


def write(folder: Path, guest: str, user_data: str, meta_data: str, network_config: str) -> Path:
    """The guest's seed, an ISO image; where it lies, absolute.

    Its name follows its content, so another content is another source and replaces the volume. A
    seed that the guest had before goes: the engine reads one only when it makes the volume.
    """
    documents = (user_data, meta_data, network_config)
    digest = sha256("\0".join(documents).encode()).hexdigest()
    file = folder.absolute() / f"{guest}-{digest[:16]}.iso"
    if not file.exists():
        private_files.write(file, iso.seed(*documents))
    for other in file.parent.glob(f"{guest}-{16 * '?'}.iso"):
        if other != file:
            other.unlink(missing_ok=True)
    return file
