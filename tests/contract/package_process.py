"""The package's provider on a machine that has the images of guests and registry, and no more."""

from isolab.plan.model import GuestImage
from machine.host import kvm
from machine.images import guest_image, service_images
from machine.images.service_images import RegistryFiles

guest_image.find = lambda: GuestImage(digest="d", disk="/disk", virtual_size=64, prepared=True)
service_images.registry_files = lambda: RegistryFiles(image="sha256:r", storage="/registry")
service_images.digests = lambda: {"isolab/python:1": "sha256:p", "isolab/haproxy:1": "sha256:h"}
kvm.works = lambda: False

from package.provider import main  # noqa: E402 (behind what it stands on)

main()
