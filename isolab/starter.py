"""The text of a new lab file: guests, and either a sample or a compose file as it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from isolab.model import Service
from isolab.units import MiB

Sample = Literal["guestbook", "page"]
OS = MiB(256)
"""What a guest's OS and its Docker need themselves, with a little to spare."""
UNLIMITED = MiB(64)
"""What a container is counted with that has no memory limit."""
STEP = MiB(256)

_HEAD = """\
# {what}
# {commands}
name: {name}
description: {description}
{security}
# Virtual machines with a base OS and Docker, nothing else. {names}
guests:
  app:
    count: {count}
    memory: {memory}      # what each guest's OS sees; the limits of its containers must fit in it
    vcpus: {vcpus}
    disk: 8GiB        # ephemeral: replaced when what is on it changes
    data: {data}        # a disk of its own, retained when the guest is replaced: Docker's volumes
"""
IN_STACKS = (
    "./lab validate {file} checks it, ./lab draw {name} shows it, ./lab up {name} builds it."
)
"""What can be done with a lab file in stacks/."""
IN_PROJECT = "isolab validate {file} checks it, isolab draw {file} shows it, pulumi up builds it."
"""The same in a project of the user's own."""
_HARDENED = "security: hardened # no capabilities; containers start again with their guest\n"
_AS_COMPOSE = (
    "# security: hardened takes away capabilities and privileges that Compose gives to containers\n"
)
_INCLUDE = """
# The services, as they are: relative paths and .env count from the compose file's own folder.
include:
  - {paths}
"""
_LAID_OVER = "path: [{paths}]    # the later one changes the earlier, as with docker compose"
_PLACEMENT = """
# Which guests run a service: a group, one guest (app-1) or a list; "*" is for all others.
placement:
  "*": app
"""
_PAGE = """
# What runs, each replica in a container of its own, as in a compose file.
services:
  page:
    image: isolab/python:1
    command: python3 -m http.server 8000 --directory /srv
    user: "65534:65534"
    ports: ["8000"]                  # isolab chooses a port on each guest; "8080:8000" names one
    configs: [{source: index, target: /srv/index.html}]
    deploy:
      replicas: REPLICAS
      resources:
        limits: {memory: 64M, cpus: "0.5", pids: 32}

configs:
  index: {content: "<h1>NAME</h1>\\n"}
"""
_GUESTBOOK = """
# What runs, each replica in a container of its own, as in a compose file.
services:
  web:
    image: isolab/guestbook:1
    depends_on:
      db: {condition: service_healthy}
    ports: ["8000"]                  # isolab chooses a port on each guest; "8080:8000" names one
    networks: [front, back]
    secrets: [db_password]
    read_only: true
    tmpfs: ["/tmp:size=16m"]
    healthcheck: {test: [CMD, healthcheck], interval: 5s, timeout: 5s, retries: 12}
    deploy:
      replicas: REPLICAS
      resources:
        limits: {memory: 128M, cpus: "1.0", pids: 64}

  db:
    image: isolab/mariadb:1
    expose: [3306]
    environment:
      MARIADB_DATABASE: guestbook
      MARIADB_USER: guestbook
      MARIADB_PASSWORD_FILE: /run/secrets/db_password
    networks: [back]
    secrets: [db_password]
    volumes: ["data:/var/lib/mysql"]
    read_only: true
    tmpfs: ["/tmp:size=16m", "/run/mysqld:size=1m,mode=1777"]
    healthcheck: {test: [CMD, healthcheck], interval: 5s, timeout: 5s, retries: 24}
    deploy:
      resources:
        limits: {memory: 256M, cpus: "1.0", pids: 128}

networks:
  front: {}
  back: {internal: true}             # no way out of the lab

volumes:
  data: {}

secrets:
  db_password: {external: true}      # derived from the stack's seed: written nowhere
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guests:
    """The guests of a new lab, all alike."""

    count: int = 1
    memory: str = "1GiB"
    vcpus: int = 1
    data: str = "2GiB"


def fitting(services: Iterable[Service], count: int) -> Guests:
    """Guests that the services have room on, as far as their limits say."""
    services = tuple(services)
    sizes = [s.limits.memory or UNLIMITED for s in services for _ in range(s.replicas)]
    # The fullest guest has at most its share and one container more.
    needed = OS + ceil(sum(sizes) / count) + (max(sizes, default=0) if count > 1 else 0)
    memory = max(1024, ceil(needed / STEP) * STEP)
    vcpus = max((ceil(s.limits.cpus or 1) for s in services), default=1)
    written = f"{memory // 1024}GiB" if memory % 1024 == 0 else f"{memory}MiB"
    return Guests(count=count, memory=written, vcpus=vcpus)


def from_compose(
    name: str, file: str, paths: Sequence[str], guests: Guests, commands: str = IN_STACKS
) -> str:
    """A lab that includes a compose file; paths are as the lab file writes them."""
    what = f"The services of a compose file, as they are, on {_guests(guests.count)}."
    included = paths[0] if len(paths) == 1 else _LAID_OVER.format(paths=", ".join(paths))
    return (
        _head(name, file, what, guests, _AS_COMPOSE, commands)
        + _INCLUDE.format(paths=included)
        + _PLACEMENT
    )


def from_sample(
    name: str, file: str, sample: Sample, guests: Guests, commands: str = IN_STACKS
) -> str:
    """A lab with services to start from."""
    words = {"guestbook": "A guestbook and its database", "page": "A page"}
    body = {"guestbook": _GUESTBOOK, "page": _PAGE}[sample]
    what = f"{words[sample]} on {_guests(guests.count)}."
    body = body.replace("REPLICAS", str(guests.count)).replace("NAME", name)
    return _head(name, file, what, guests, _HARDENED, commands) + body + _PLACEMENT


def _guests(count: int) -> str:
    return f"{count} guests" if count > 1 else "one guest"


def _head(name: str, file: str, what: str, guests: Guests, security: str, commands: str) -> str:
    names = [f"app-{number}" for number in range(1, guests.count + 1)]
    called = ", ".join(names if len(names) < 4 else [*names[:2], "…", names[-1]])
    return _HEAD.format(
        what=what,
        commands=commands.format(file=file, name=name),
        name=name,
        description=what.removesuffix("."),
        security=security,
        names=f"Here: {called}.",
        count=guests.count,
        memory=guests.memory,
        vcpus=guests.vcpus,
        data=guests.data,
    )
