"""The replicated lab as faults and their measuring see it."""

import shlex
import time
from dataclasses import dataclass

from isolab.plan.model import Balancer, Container, Guest, Plan
from isolab.transport import Unreachable
from machine import keys
from machine.host.transport import GuestTransport, HostTransport

ASKING = 60
"""Seconds for one command in a guest that is short of processor."""


class WentWrong(Exception):
    """What should have been done to the lab could not be done, or did not come back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A lab with replicas behind a balancer, and ways to hurt it."""

    plan: Plan

    @property
    def balancer(self) -> Balancer:
        """The one that the client talks to."""
        return self.plan.balancers[0]

    @property
    def url(self) -> str:
        """Where the client writes and reads."""
        return next(endpoint.url for endpoint in self.plan.endpoints)

    @property
    def last(self) -> Guest:
        """The guest that most faults hit."""
        return self.plan.guests[-1]

    def container(self, service: str, guest: Guest) -> Container:
        """The replica of a service on a guest."""
        return next(c for c in guest.containers if c.service == service)

    def guest(self, guest: Guest, command: str) -> str:
        """What a shell command on a guest prints."""
        way = GuestTransport(
            name=guest.name, address=guest.address, keys=keys.files(self.plan.stack)
        )
        result = way.run(["sh", "-c", command], timeout=ASKING)
        if not result.ok:
            raise WentWrong(f"{guest.name}: {command}: {result.stderr.strip()}")
        return result.stdout

    def virsh(self, *words: str) -> None:
        """A command of virsh."""
        self.host("virsh", "-qc", self.plan.libvirt, *words)

    def host(self, *command: str) -> None:
        """A command on the host."""
        result = HostTransport().run(command, timeout=ASKING)
        if not result.ok:
            raise WentWrong(f"{' '.join(command)}: {result.stderr.strip()}")

    def whole(self) -> bool:
        """Whether every replica is healthy."""
        return all(self._healthy(guest) for guest in self.plan.guests)

    def until_whole(self, timeout: float) -> float:
        """Seconds until every replica is healthy."""
        begin = time.monotonic()
        while not self.whole():
            if time.monotonic() - begin > timeout:
                raise WentWrong(f"the lab was not whole again after {timeout:.0f} s")
            time.sleep(1)
        return time.monotonic() - begin

    def entries(self, guest: Guest) -> frozenset[str]:
        """The texts that the member of the database on a guest holds."""
        member = self.container(self.plan.clusters[0].service, guest).name
        query = "SELECT text FROM guestbook.entries"
        text = self.guest(guest, f"docker exec {member} mariadb --skip-column-names -e '{query}'")
        return frozenset(text.split())

    def _healthy(self, guest: Guest) -> bool:
        """Asked now, by the replicas' own checks: Docker only knows what the last one said."""
        checks = [
            shlex.join(["docker", "exec", c.name, *c.healthcheck.test[1:]])
            for c in guest.containers
            if c.healthcheck and c.healthcheck.test[0] == "CMD"
        ]
        try:
            self.guest(guest, " && ".join(checks) or "true")
        except (WentWrong, Unreachable):
            return False
        return True
