"""Containers: made, awaited until they are well, changed in place where Docker can."""

import base64
import io
import tarfile
import time
from typing import Any

from docker.types import LogConfig, Mount, Ulimit

from airgap.docker.connection import Connection, found
from airgap.docker.container_schema import INPUTS
from airgap.docker.container_state import MIB, NANO, state_of
from airgap.docker.labels import labels_to
from airgap.framework import (
    Change,
    Context,
    Created,
    Failure,
    HalfDone,
    Inputs,
    ResourceType,
    State,
)
from airgap.framework.diff import changes as differences

LOOK_EVERY = 0.25
"""Seconds between two looks at a container that is getting well."""
USUAL_WAIT = 60
IN_PLACE = ("memory", "memoryReservation", "memorySwap", "restart", "cpuShares", "cpuSet")


class Container(ResourceType[Connection]):
    """A container on one daemon."""

    token = "docker:index/container:Container"
    inputs = INPUTS
    computed = ("networkDatas", "runtime", "platform", "bridge", "exitCode")

    def adjust(self, changes: list[Change], state: State, inputs: Inputs) -> list[Change]:
        """An input given for the first time is held against what the container has already."""
        told = {each.path: state[each.path] for each in changes if state.get(each.path) is not None}
        first = {each.path for each in changes if each.what == "add" and each.path in told}
        before = {name: told[name] for name in first}
        after = {name: inputs[name] for name in first}
        others = [each for each in changes if each.path not in first]
        return [*others, *differences(before, after, self.inputs)]

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        name, client = inputs["name"], context.client
        with client.told(f"unable to create container {name}"):
            if found(client.api.inspect_container, name):
                raise Failure(
                    f"unable to create container {name}: there already is one on {client.host}; "
                    f"look at it with `docker inspect {name}`"
                )
            context.making()
            made = client.api.create_container(**_creation(client, inputs))["Id"]
        try:
            with client.told(f"unable to start container {name}"):
                _connect_networks(client, made, inputs)
                _upload(client, made, inputs)
                if inputs["start"]:
                    client.api.start(made)
                told = _settled(context, made, inputs)
        except Failure as failure:
            raise HalfDone(made, dict(inputs), str(failure)) from None
        return Created(made, state_of(told, inputs))

    def leftover(self, context: Context[Connection], inputs: Inputs) -> None:
        told = found(context.client.api.inspect_container, inputs["name"])
        if told:
            self.delete(context, told["Id"], dict(inputs))

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        with context.client.told(f"unable to read container {state.get('name', id)}"):
            told = found(context.client.api.inspect_container, id)
        return told and state_of(told, state)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        client = context.client
        with client.told(f"unable to update container {inputs['name']}"):
            if any(inputs.get(name) != state.get(name) for name in IN_PLACE):
                client.api.update_container(
                    id,
                    mem_limit=inputs.get("memory", 0) * MIB or None,
                    memswap_limit=_swap(inputs),
                    mem_reservation=inputs.get("memoryReservation", 0) * MIB or None,
                    cpu_shares=inputs.get("cpuShares"),
                    cpuset_cpus=inputs.get("cpuSet"),
                    restart_policy=_restart(inputs),
                )
            if inputs["mustRun"] and not client.api.inspect_container(id)["State"]["Running"]:
                client.api.start(id)
            told = _settled(context, id, inputs)
        return state_of(told, inputs)

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        api, grace = context.client.api, state.get("destroyGraceSeconds")
        with context.client.told(f"unable to remove container {state.get('name', id)}"):
            if grace:
                found(api.stop, id, grace)
            found(api.remove_container, id, bool(state.get("removeVolumes", True)), False, True)
            # Docker answers before a removal that somebody else began has come to its end.
            while found(api.inspect_container, id):
                time.sleep(LOOK_EVERY)


def _creation(client: Connection, inputs: Inputs) -> dict[str, Any]:
    """The inputs as Docker takes them."""
    ports = inputs.get("ports") or []
    health = inputs.get("healthcheck")
    networks = inputs.get("networksAdvanced") or []
    return {
        "image": inputs["image"],
        "name": inputs["name"],
        "command": inputs.get("command"),
        "entrypoint": inputs.get("entrypoints"),
        "environment": inputs.get("envs"),
        "hostname": inputs.get("hostname"),
        "domainname": inputs.get("domainname"),
        "user": inputs.get("user"),
        "working_dir": inputs.get("workingDir"),
        "labels": labels_to(inputs),
        "tty": inputs.get("tty", False),
        "stdin_open": inputs.get("stdinOpen", False),
        "stop_signal": inputs.get("stopSignal"),
        "stop_timeout": inputs.get("stopTimeout"),
        "ports": [(port["internal"], port["protocol"]) for port in ports] or None,
        "healthcheck": health
        and {
            "test": health["tests"],
            "interval": _nanoseconds(health.get("interval")),
            "timeout": _nanoseconds(health.get("timeout")),
            "retries": health.get("retries"),
            "start_period": _nanoseconds(health.get("startPeriod")),
        },
        "networking_config": client.api.create_networking_config(
            {networks[0]["name"]: _endpoint(client, networks[0])}
        )
        if networks
        else None,
        "host_config": _host_config(client, inputs),
    }


def _host_config(client: Connection, inputs: Inputs) -> dict[str, Any]:
    capabilities = inputs.get("capabilities") or {}
    networks = inputs.get("networksAdvanced") or []
    volumes = inputs.get("volumes") or []
    host: dict[str, Any] = client.api.create_host_config(
        binds=[
            f"{v.get('volumeName') or v['hostPath']}:{v['containerPath']}"
            f"{':ro' if v.get('readOnly') else ':rw'}"
            for v in volumes
            if v.get("volumeName") or v.get("hostPath")
        ]
        or None,
        volumes_from=[v["fromContainer"] for v in volumes if v.get("fromContainer")] or None,
        mounts=[
            Mount(m["target"], m.get("source"), m["type"], m.get("readOnly", False))
            for m in inputs.get("mounts") or []
        ]
        or None,
        port_bindings=_bindings(inputs),
        publish_all_ports=inputs.get("publishAllPorts", False),
        privileged=inputs.get("privileged", False),
        read_only=inputs.get("readOnly"),
        init=inputs.get("init"),
        ipc_mode=inputs.get("ipcMode"),
        pid_mode=inputs.get("pidMode"),
        userns_mode=inputs.get("usernsMode"),
        runtime=inputs.get("runtime"),
        network_mode=networks[0]["name"] if networks else inputs["networkMode"],
        restart_policy=_restart(inputs),
        cap_add=capabilities.get("adds"),
        cap_drop=capabilities.get("drops"),
        security_opt=inputs.get("securityOpts"),
        mem_limit=inputs.get("memory", 0) * MIB or None,
        memswap_limit=_swap(inputs),
        mem_reservation=inputs.get("memoryReservation", 0) * MIB or None,
        nano_cpus=round(float(inputs["cpus"]) * NANO) if inputs.get("cpus") else None,
        cpu_shares=inputs.get("cpuShares"),
        cpuset_cpus=inputs.get("cpuSet"),
        cgroup_parent=inputs.get("cgroupParent"),
        shm_size=inputs.get("shmSize", 0) * MIB or None,
        tmpfs=inputs.get("tmpfs"),
        sysctls=inputs.get("sysctls"),
        storage_opt=inputs.get("storageOpts"),
        dns=inputs.get("dns"),
        group_add=inputs.get("groupAdds"),
        extra_hosts=[f"{h['host']}:{h['ip']}" for h in inputs.get("hosts") or []] or None,
        ulimits=[Ulimit(**limit) for limit in inputs.get("ulimits") or []] or None,
        log_config=LogConfig(
            type=inputs.get("logDriver", "json-file"), config=inputs.get("logOpts") or {}
        )
        if inputs.get("logDriver") or inputs.get("logOpts")
        else None,
    )
    if inputs.get("cgroupnsMode"):
        host["CgroupnsMode"] = inputs["cgroupnsMode"]
    return host


def _bindings(inputs: Inputs) -> dict[str, Any] | None:
    bindings: dict[str, Any] = {}
    for port in inputs.get("ports") or []:
        place = (port.get("ip") or "0.0.0.0", port.get("external"))
        bindings.setdefault(f"{port['internal']}/{port['protocol']}", []).append(place)
    return bindings or None


def _restart(inputs: Inputs) -> dict[str, Any]:
    policy: dict[str, Any] = {"Name": inputs.get("restart", "no")}
    if policy["Name"] == "on-failure":
        policy["MaximumRetryCount"] = inputs.get("maxRetryCount", 0)
    return policy


def _swap(inputs: Inputs) -> int | None:
    swap = inputs.get("memorySwap")
    return swap if swap is None or swap < 0 else swap * MIB


def _endpoint(client: Connection, network: Inputs) -> dict[str, Any]:
    return client.api.create_endpoint_config(
        aliases=network.get("aliases"),
        ipv4_address=network.get("ipv4Address"),
        ipv6_address=network.get("ipv6Address"),
    )


def _connect_networks(client: Connection, id: str, inputs: Inputs) -> None:
    """Docker takes one network at the creation; the others come before the start."""
    for network in (inputs.get("networksAdvanced") or [])[1:]:
        client.api.connect_container_to_network(
            id,
            network["name"],
            aliases=network.get("aliases"),
            ipv4_address=network.get("ipv4Address"),
            ipv6_address=network.get("ipv6Address"),
        )


def _upload(client: Connection, id: str, inputs: Inputs) -> None:
    for upload in inputs.get("uploads") or []:
        content = (
            base64.b64decode(upload["contentBase64"])
            if "contentBase64" in upload
            else upload.get("content", "").encode()
        )
        entry = tarfile.TarInfo(upload["file"].lstrip("/"))
        entry.size = len(content)
        usual = "0744" if upload.get("executable") else "0644"
        entry.mode = int(upload.get("permissions", usual), 8)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.addfile(entry, io.BytesIO(content))
        client.api.put_archive(id, "/", buffer.getvalue())


def _settled(context: Context[Connection], id: str, inputs: Inputs) -> dict[str, Any]:
    """What Docker tells of it once it is up, and well where that is asked for."""
    api = context.client.api
    told = api.inspect_container(id)
    if not (inputs["start"] and inputs["mustRun"]):
        return told
    wait = inputs.get("wait")
    end = time.monotonic() + (inputs.get("waitTimeout") or USUAL_WAIT)
    while True:
        state = told["State"]
        if not state["Running"] and not state.get("Restarting"):
            raise Failure(
                f"container {inputs['name']} exited after it was started, with {state['ExitCode']}"
                f"{_last_words(context, id)}"
            )
        health = (state.get("Health") or {}).get("Status", "none")
        if not wait or (state["Running"] and health in ("healthy", "none")):
            return told
        if time.monotonic() > end:
            raise Failure(
                f"container failed to be in healthy state: {inputs['name']} is {health} after "
                f"{inputs.get('waitTimeout') or USUAL_WAIT} s{_last_words(context, id)}"
            )
        if context.cancelled.wait(LOOK_EVERY):
            raise Failure(f"container {inputs['name']} is {health}: the wait was cancelled")
        context.say(f"{inputs['name']} is {health}")
        told = api.inspect_container(id)


def _last_words(context: Context[Connection], id: str) -> str:
    said = context.client.api.logs(id, tail=3).decode(errors="replace").strip()
    return f"; it said last: {' | '.join(said.splitlines())}" if said else ""


_UNITS = {"h": 3600 * NANO, "m": 60 * NANO, "s": NANO, "ms": NANO // 1000, "us": 1000, "ns": 1}


def _nanoseconds(duration: str | None) -> int | None:
    """Go's spelling of a duration: 1m30s, 2.5s, 500ms."""
    if not duration:
        return None
    total, number, rest = 0.0, "", duration
    while rest:
        if rest[0].isdigit() or rest[0] == ".":
            number, rest = number + rest[0], rest[1:]
            continue
        unit = next((u for u in ("ms", "us", "ns", "h", "m", "s") if rest.startswith(u)), None)
        if unit is None or not number:
            raise Failure(f"{duration!r} is no duration: expected one like 1m30s")
        total, number, rest = total + float(number) * _UNITS[unit], "", rest[len(unit) :]
    return round(total)
