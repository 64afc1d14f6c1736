"""What a guest has for containers, beside its OS and its Docker."""

from isolab.model import GuestGroup, Service
from isolab.units import MiB

OS_RESERVE = MiB(224)
"""What a guest's OS and its Docker need themselves."""
WITHOUT_LIMIT = MiB(64)
"""What a container without a memory limit counts for where guests are chosen."""


def left(guest: GuestGroup) -> MiB:
    """What the guest's OS leaves of its memory."""
    return MiB(guest.memory - OS_RESERVE)


def needed(service: Service) -> MiB:
    """What one of the service's containers may use at most, as far as the lab file says."""
    return service.limits.memory or WITHOUT_LIMIT
