"""Rules that a lab must keep: each a function from the lab to what breaks it.

A rule looks at what the file says; what only shows once replicas have their guests is checked by
the plan's rules.
"""

from collections.abc import Callable, Iterator

from isolab.labfile import in_order
from isolab.model import Lab, Problem
from isolab.rules import (
    balancers,
    clusters,
    docker,
    guests,
    hardening,
    hosted,
    logs,
    mounts,
    names,
    services,
    settings,
    subnets,
    taken,
)

Rule = Callable[[Lab], Iterator[Problem]]


def what_was_read_is_told(lab: Lab) -> Iterator[Problem]:
    """What is taken, and means something else here than in Compose."""
    yield from lab.notes


RULES: tuple[Rule, ...] = (
    what_was_read_is_told,
    names.networks_exist,
    names.volumes_exist,
    names.what_is_external_is_made,
    names.secrets_and_configs_exist,
    names.dependencies_exist,
    names.placed_services_exist,
    names.placement_targets_exist,
    names.no_group_is_called_host,
    guests.there_is_a_guest,
    guests.guests_can_boot,
    guests.exceptions_are_guests,
    guests.cloud_init_leaves_isolab_alone,
    guests.libvirt_is_on_this_machine,
    guests.the_subnet_is_private,
    guests.the_subnet_has_room,
    hosted.the_host_stands_alone,
    hosted.one_replica_on_the_host,
    hosted.hosted_services_listen_where_they_say,
    hosted.the_host_keeps_to_itself,
    hosted.the_hosts_network_is_no_containers,
    hosted.balanced_and_clustered_services_are_on_guests,
    hosted.rights_on_the_host_are_trusted,
    hosted.guests_wait_for_no_hosted_service,
    services.nobody_waits_in_a_circle,
    services.health_can_be_seen,
    services.published_ports_can_be_reached,
    services.ports_are_published_once,
    services.a_container_has_one_name,
    services.no_network_means_none,
    services.a_shared_network_is_set_up_once,
    services.a_network_is_shared_by_single_containers,
    services.targets_are_mounted_once,
    services.extra_hosts_are_addresses,
    subnets.subnets_are_ones,
    subnets.subnets_lie_apart,
    subnets.fixed_addresses_are_free,
    taken.networks_are_not_isolabs_own,
    taken.container_names_are_free,
    taken.members_are_found_by_their_names,
    taken.volumes_have_names_that_docker_takes,
    docker.images_are_references,
    docker.names_are_known,
    docker.sysctls_are_the_containers_own,
    docker.settings_are_taken,
    docker.addresses_are_a_guests,
    docker.loopback_is_the_guests,
    settings.signals_are_known,
    settings.security_options_are_known,
    settings.tmpfs_options_are_known,
    settings.commands_have_no_empty_words,
    settings.health_times_are_long_enough,
    settings.late_first_checks_are_told,
    logs.log_drivers_and_options_are_known,
    mounts.copies_are_no_place_to_keep_data,
    mounts.what_is_the_guests_own_is_mounted,
    hardening.hardening_leaves_images_what_they_need,
    balancers.balancers_have_names_of_their_own,
    balancers.balanced_services_exist,
    balancers.balanced_ports_are_named,
    balancers.routes_take_every_request,
    balancers.balancers_may_listen,
    balancers.balancers_have_one_place,
    clusters.cluster_engines_exist,
    clusters.clustered_services_exist,
    clusters.clusters_keep_a_majority,
    clusters.clusters_keep_their_data,
)


def check(lab: Lab) -> tuple[Problem, ...]:
    """All that is wrong with a lab, in the order of the file."""
    return in_order(tuple(problem for rule in RULES for problem in rule(lab)))
