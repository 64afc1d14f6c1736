"""MariaDB with Galera, as isolab/mariadb has it: every member takes writes."""

from collections.abc import Mapping

from isolab.clusters.engine import Engine, Membership

SNAPSHOT, GROUP, INCREMENTAL, AGREEMENT = 4444, 4567, 4568, 4569


def _environment(member: Membership) -> Mapping[str, str]:
    members = (f"{name}={address}" for name, address in member.members.items())
    return {
        "GALERA_CLUSTER": member.cluster,
        "GALERA_NAME": member.name,
        "GALERA_MEMBERS": ",".join(members),
    }


ENGINE = Engine(
    name="galera",
    ports=(SNAPSHOT, GROUP, INCREMENTAL, AGREEMENT),
    data="/var/lib/mysql",
    least=3,
    environment=_environment,
)
