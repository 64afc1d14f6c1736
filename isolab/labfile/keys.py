"""The keys of the lab file and of its services, each with what it says, and what lies outside."""

LAB = {
    "name": "The lab's name; without it, the file's.",
    "description": "What the lab shows, in a sentence.",
    "host": "The physical host of the guests.",
    "network": "The network between host and guests.",
    "guests": "Groups of guests: virtual machines with a base OS and Docker, nothing else.",
    "services": "What runs, each replica in a container of its own, as in Compose.",
    "networks": "Networks of services, as in Compose: only who shares one can talk.",
    "volumes": "Named volumes, as in Compose, on their guest's data disk where it has one.",
    "secrets": "Files that only the containers naming them can read.",
    "configs": "Files that containers find in their file tree.",
    "placement": 'Which guests run a service: guest groups or guests; "*" is for all others.',
    "balancers": "Load balancers in front of services, outside their guests.",
    "clusters": "Replicas of a service that keep the same data together.",
    "include": "Compose files that are taken as they are.",
    "version": "Compose files once had one; it says nothing any more.",
}
INCLUDED = ("name", "version", "include", "services", "networks", "volumes", "secrets", "configs")
"""What a file that is included may hold."""

SERVICE = {
    "image": "What its containers run.",
    "build": "The folder that the image is built from, on the host.",
    "extends": "Another service that this one starts from.",
    "profiles": "The service is there only with one of these in COMPOSE_PROFILES.",
    "command": "What the container runs, instead of the image's own command.",
    "entrypoint": "What the command is given to, instead of the image's own entrypoint.",
    "environment": "Variables; one without a value takes that of isolab's own environment.",
    "env_file": "Files with variables; those of environment win.",
    "ports": "Ports that are published on the guest.",
    "expose": "Ports that services on other guests may call; published ones need not be named.",
    "networks": "Networks of services that it is on; without it, the one called default.",
    "network_mode": "none: no network at all.",
    "volumes": "What is mounted: named volumes, copies of local files, memory.",
    "tmpfs": "Paths that are memory.",
    "secrets": "Secrets of the lab, in /run/secrets.",
    "configs": "Configs of the lab.",
    "depends_on": "Services that must be there first.",
    "healthcheck": "How Docker finds out whether the container is well.",
    "deploy": "Replicas, and what each of them may use.",
    "scale": "As deploy.replicas.",
    "mem_limit": "As deploy.resources.limits.memory.",
    "cpus": "As deploy.resources.limits.cpus.",
    "pids_limit": "As deploy.resources.limits.pids.",
    "restart": "When Docker starts the container again: unless-stopped, other than in Compose.",
    "user": "The user that the container runs as.",
    "working_dir": "The folder that the command starts in.",
    "hostname": "The container's own host name.",
    "container_name": "The container's name in Docker; for one replica only.",
    "platform": "linux/amd64, which all guests are.",
    "read_only": "Whether the container's own file tree is read-only.",
    "init": "Whether a small init reaps the container's processes.",
    "tty": "Whether it gets a terminal.",
    "stdin_open": "Whether its standard input stays open.",
    "cap_add": "Capabilities that it gets back.",
    "cap_drop": "Capabilities that it loses: all of them, other than in Compose.",
    "security_opt": "Security options: no-new-privileges, other than in Compose.",
    "ulimits": "Limits of its processes.",
    "sysctls": "Kernel parameters of its namespaces.",
    "labels": "Labels of the container.",
    "label_file": "Files with labels; those of labels win.",
    "extra_hosts": "Further host names, with their addresses.",
    "stop_grace_period": "Between the stop signal and the kill.",
    "stop_signal": "The signal that stops it.",
    "logging": "Where Docker sends its output.",
}
OUTSIDE = {
    "privileged": "a privileged container is isolated from nothing: name what it needs in cap_add",
    "pid": "each container has its own processes",
    "ipc": "each container has its own shared memory",
    "userns_mode": "Docker of the guest says it",
    "cgroup": "isolab puts containers into cgroups",
    "cgroup_parent": "isolab puts containers into cgroups",
    "devices": "a guest does not have the host's devices",
    "device_cgroup_rules": "a guest does not have the host's devices",
    "gpus": "a guest does not have the host's devices",
    "links": "services that share a network find each other by name; for another, networks.aliases",
    "external_links": "a container of another project is not in the lab",
    "volumes_from": "name the same volume in both services",
    "dns": "guests ask the lab's network, and containers their guest",
    "dns_search": "guests ask the lab's network, and containers their guest",
    "dns_opt": "guests ask the lab's network, and containers their guest",
    "mac_address": "Docker gives each container its own",
    "memswap_limit": "a container with a memory limit has no swap",
    "mem_swappiness": "a container with a memory limit has no swap",
    "mem_reservation": "a container has no reserve: give the guest more memory",
    "cpu_shares": "cpus limits the processors",
    "cpu_quota": "cpus limits the processors",
    "cpuset": "vcpus says how many processors a guest has; cpus limits a container's",
    "pull_policy": "images are pulled by digest: there is never another one to pull",
    "develop": "./lab up takes up what has changed",
    "shm_size": "mount a tmpfs at /dev/shm: {type: tmpfs, target: /dev/shm, tmpfs: {size: 64m}}",
}
"""Keys of Compose that isolab does not take, each with what to do instead."""

NETWORK = {"aliases": "Further names that the service has on this network."}
OUTSIDE_NETWORK = {
    "ipv4_address": "services find each other by name",
    "ipv6_address": "services find each other by name",
    "mac_address": "Docker gives each container its own",
    "priority": "networks with a way out come first",
}
LOGGING = {"driver": "Docker's name for it: json-file, local, none …", "options": "Its options."}
LAB_NETWORK = {
    "internal": "Whether it has no way out of the lab.",
    "driver": "bridge, which all of them are.",
}
OUTSIDE_LAB_NETWORK = {
    "external": "a network that is not in this file is not in the lab",
    "ipam": "Docker chooses addresses; services find each other by name",
    "name": "the network's key is its name",
}
VOLUME = {"driver": "local, which all of them are."}
OUTSIDE_VOLUME = {
    "external": "a volume that is not in this file is not in the lab",
    "driver_opts": "volumes lie on the guest's data disk: guests.NAME.data",
    "name": "the volume's key is its name",
}
INCLUDE = {
    "path": "The file; of several, the later ones change the earlier.",
    "project_directory": "Where its relative paths start; without it, in its folder.",
    "env_file": "Files with its variables; without it, the .env in its folder.",
}
EXTENDS = {
    "service": "The service that this one starts from.",
    "file": "The file that it is in; without it, this one.",
}
