"""What hardening takes away from images that need it, as far as their names tell."""

import re
from collections.abc import Iterator

from isolab.model import Lab, Problem, Service
from isolab.rules.problem import warning

FROM_ROOT = frozenset(
    {
        "cassandra",
        "couchdb",
        "drupal",
        "ghost",
        "httpd",
        "influxdb",
        "joomla",
        "mariadb",
        "mongo",
        "mysql",
        "nextcloud",
        "nginx",
        "phpmyadmin",
        "postgres",
        "rabbitmq",
        "redis",
        "valkey",
        "wordpress",
        "zookeeper",
    }
)
"""Docker Hub's official images whose entry points begin as root and change to another user."""
CHANGES_USER = "SETUID"
"""Without it, nobody becomes another user."""


def hardening_leaves_images_what_they_need(lab: Lab) -> Iterator[Problem]:
    """Such an image would end while it starts, minutes later and in its own words."""
    for service in lab.services:
        if service.security == "hardened" and _begins_as_root(service) and _cannot_change(service):
            yield warning(
                lab,
                ("services", service.name, "image"),
                f"{service.image} starts as root and changes its user: "
                "security: hardened prevents that",
                "give it cap_add: [CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID], its user:, "
                "or x-isolab: {security: compose}",
            )


def _begins_as_root(service: Service) -> bool:
    name = service.image.partition("@")[0]
    known = re.sub(r":[^/]*$", "", name).removeprefix("docker.io/").removeprefix("library/")
    return known in FROM_ROOT and service.user.partition(":")[0] in ("", "0", "root")


def _cannot_change(service: Service) -> bool:
    def names(words: tuple[str, ...]) -> set[str]:
        return {word.upper().removeprefix("CAP_") for word in words}

    dropped = not names(service.cap_drop).isdisjoint({"ALL", CHANGES_USER})
    return dropped and names(service.cap_add).isdisjoint({"ALL", CHANGES_USER})
