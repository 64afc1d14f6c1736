"""The Pulumi package: what it promises in its schema, and what it makes of what arrives."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from isolab.plan import secrets, serialize
from package.provider import provider

REPO = Path(__file__).parents[2]
SCHEMA = REPO / "package" / "schema.json"
REFERENCE = str(REPO / "stacks" / "reference.yaml")
SEED = "5eed" * 16
SECRET = {rpc._special_sig_key: rpc._special_secret_sig}
UNKNOWN = rpc.UNKNOWN


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{kind}::{name}"


class Engine(engine_pb2_grpc.EngineServicer, resource_pb2_grpc.ResourceMonitorServicer):
    """An engine that makes every resource at once, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self._server = grpc.server(ThreadPoolExecutor(max_workers=16))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._server)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(0).wait()

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        return resource_pb2.DeploymentInfo(
            supportedFeatures=[
                resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
                resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
                resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
                resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
                resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
            ]
        )

    def RegisterResource(self, request: Any, context: Any) -> Any:
        self.made[request.name] = request
        inputs = request.object
        return resource_pb2.RegisterResourceResponse(
            urn=urn(request.type, request.name),
            id=f"id-{request.name}" if request.custom else "",
            object=inputs,
        )

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """A resource that the program has made outside of the package."""
        answer = provider_pb2.InvokeResponse()
        getattr(answer, "return").update({"urn": request.args["urn"], "id": "id", "state": {}})
        return answer

    def Log(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def inputs(self, name: str) -> dict[str, Any]:
        return json_format.MessageToDict(self.made[name].object)


class Package:
    """The provider as the engine starts it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        script = Path(__file__).with_name("package_process.py")
        self.process = subprocess.Popen(
            [sys.executable, script, engine.address],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(REPO),
                "ISOLAB_HOME": str(folder / "home"),
                "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
                "SHOP_FROM": "environment",
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        port = int(self.process.stdout.readline())
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.calls = provider_pb2_grpc.ResourceProviderStub(channel)

    def construct(
        self,
        config: dict[str, str] | None = None,
        options: dict[str, Any] | None = None,
        of: str = "Lab",
        name: str = "lab",
        **inputs: Any,
    ) -> dict[str, Any]:
        """The component's outputs in a preview."""
        self.engine.made.clear()
        given = struct_pb2.Struct()
        given.update(inputs)
        answer = self.calls.Construct(
            provider_pb2.ConstructRequest(
                project="shop", stack="dev", name=name, type=f"isolab:index:{of}", parallel=16,
                monitorEndpoint=self.engine.address, dryRun=True, inputs=given,
                config={"isolab:seed": SEED} if config is None else config,
                configSecretKeys=["isolab:seed"], accepts_output_values=True,
                parent=urn("pulumi:pulumi:Stack", "shop-dev"), **(options or {}),
            )
        )  # fmt: skip
        return json_format.MessageToDict(answer.state)

    def refused(self, **inputs: Any) -> str:
        """What is said of inputs that are no good."""
        with pytest.raises(grpc.RpcError) as error:
            self.construct(**inputs)
        metadata = dict(error.value.trailing_metadata() or ())
        return str(metadata.get("grpc-status-details-bin", b"")) + str(error.value.details())


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Package]:
    engine = Engine()
    started = Package(engine, tmp_path_factory.mktemp("package"))
    yield started
    started.process.kill()
    started.process.wait()
    engine.stop()


def test_the_schema_is_the_one_that_was_committed(golden: Callable[[Path, str], None]) -> None:
    golden(SCHEMA, json.dumps(json.loads(provider().schema), indent=2, ensure_ascii=False) + "\n")


def provider_schema(component: str) -> Any:
    return json.loads(provider().schema)["resources"][f"isolab:index:{component}"]


def test_every_input_and_output_is_described() -> None:
    for token, component in json.loads(provider().schema)["resources"].items():
        assert component["description"], token
        for name, each in (component["inputProperties"] | component["properties"]).items():
            assert each["description"], f"{token} {name}"
            assert "\n" not in each["description"], f"{token} {name} is a code block in Markdown"


def test_types_are_those_that_arrive_as_they_were_declared() -> None:
    """Integers arrive as floats, enumerations and objects lose what is secret or in a list."""
    schema = json.loads(provider().schema)
    assert schema["types"] == {}
    for component in schema["resources"].values():
        for name, each in (component["inputProperties"] | component["properties"]).items():
            below = each.get("additionalProperties") or each.get("items") or each
            kinds = {each.get("type"), below.get("type", below.get("$ref"))} - {None}
            assert kinds <= {
                "string",
                "number",
                "boolean",
                "object",
                "array",
                "pulumi.json#/Any",
            }, name


def test_the_schema_is_what_the_process_tells(package: Package) -> None:
    told = package.calls.GetSchema(provider_pb2.GetSchemaRequest()).schema
    assert json.loads(told) == json.loads(SCHEMA.read_text())


def test_a_lab_has_the_layers_of_its_file(package: Package) -> None:
    outputs = package.construct(file=REFERENCE)
    made = package.engine.made
    assert {made[name].type for name in ("lab", "lab-host", "app-1", "app-1-web")} == {
        "isolab:index:Lab", "isolab:index:Host", "isolab:index:Guest", "isolab:index:Service",
    }  # fmt: skip
    assert made["lab"].parent == urn("pulumi:pulumi:Stack", "shop-dev")
    assert package.engine.inputs("app-1-domain")["name"] == "isolab-dev-app-1"
    address = outputs["addresses"]["app-1"]
    assert outputs["dockerHosts"] == {"app-1": f"ssh://root@{address}"}
    assert outputs["sshCommands"]["app-1"].endswith(f" root@{address}")
    assert outputs["endpoints"] == {"web": f"http://{address}:8080"}
    assert serialize.loads(outputs["plan"]).stack == "dev"


def in_the_open(value: object) -> Iterator[object]:
    """All single values but those that are marked as secret."""
    match value:
        case dict() if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return
        case dict():
            for each in value.values():
                yield from in_the_open(each)
        case list():
            for each in value:
                yield from in_the_open(each)
        case _:
            yield value


def test_secrets_of_the_lab_are_secret_in_all_inputs_and_outputs(package: Package) -> None:
    outputs = package.construct(file=REFERENCE)
    private = secrets.ssh_key(SEED, secrets.CLIENT_KEY).private_openssh
    hidden = (SEED, private, secrets.password(SEED, "db_password"))
    inputs = {name: package.engine.inputs(name) for name in package.engine.made}
    everything = json.dumps(inputs)
    assert json.dumps(private) in everything, "nothing was looked at"
    for value in in_the_open([outputs, inputs]):
        assert not any(secret in str(value) for secret in hidden)


def test_overrides_are_laid_over_the_file(package: Package) -> None:
    over = {"guests": {"app": {"count": 2, "memory": "2GiB"}}}
    package.construct(file=REFERENCE, overrides=over)
    assert package.engine.inputs("app-2-domain")["memory"] == 2048


SHOP = """
services: {web: {image: "x:1", hostname: "${NAME}-${PORT}-${SHOP_FROM}", ports: ["${PORT}"]}}
guests: {app: {}}
"""


def test_a_lab_may_be_given_as_text_with_variables(package: Package) -> None:
    package.construct(content=SHOP, variables={"NAME": "shop", "PORT": 8080})
    assert package.engine.inputs("web-1")["hostname"] == "shop-8080-environment"


def test_the_name_on_the_machine_may_be_another(package: Package) -> None:
    package.construct(file=REFERENCE, stack="other")
    assert package.engine.inputs("app-1-domain")["name"] == "isolab-other-app-1"


def host_key(package: Package) -> str:
    """The guest's, which the seed decides."""
    return package.engine.inputs("app-1-ready")["connection"]["value"]["hostKey"]


@pytest.mark.slow
def test_a_seed_may_be_a_secret_and_decides_the_keys(package: Package) -> None:
    package.construct(file=REFERENCE)
    before = host_key(package)
    package.construct(file=REFERENCE, seed={**SECRET, "value": SEED}, config={})
    assert host_key(package) == before
    package.construct(file=REFERENCE, seed={**SECRET, "value": "other"})
    assert host_key(package) != before


@pytest.mark.parametrize(
    "inputs",
    [
        {"file": UNKNOWN},
        {"content": UNKNOWN},
        {"file": REFERENCE, "stack": UNKNOWN},
        {"file": REFERENCE, "cidr": UNKNOWN},
        {"file": REFERENCE, "seed": UNKNOWN},
        {"file": REFERENCE, "variables": UNKNOWN},
        {"file": REFERENCE, "variables": {"A": UNKNOWN}},
        {"file": REFERENCE, "overrides": UNKNOWN},
        {"file": REFERENCE, "overrides": {"guests": {"app": {"count": UNKNOWN}}}},
        {"file": REFERENCE, "overrides": {"services": {"web": {"command": ["a", UNKNOWN]}}}},
    ],
    ids=str,
)
def test_what_is_known_later_is_refused_by_name(package: Package, inputs: dict[str, Any]) -> None:
    said = package.refused(**inputs)
    assert list(inputs)[-1] in said and "known only after the deployment" in said


@pytest.mark.parametrize(
    "inputs",
    [
        {"file": {**SECRET, "value": REFERENCE}},
        {"file": REFERENCE, "variables": {**SECRET, "value": {"A": "1"}}},
        {"file": REFERENCE, "variables": {"A": {**SECRET, "value": "1"}}},
        {"file": REFERENCE, "overrides": {"services": {"web": {"environment": {
            "A": {**SECRET, "value": "1"}}}}}},
    ],
    ids=["file", "variables", "a variable", "a value of overrides"],
)  # fmt: skip
def test_a_secret_that_would_stand_in_the_state_is_refused(
    package: Package, inputs: dict[str, Any]
) -> None:
    said = package.refused(**inputs)
    assert list(inputs)[-1] in said and "plain text" in said


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "give either file or content"),
        ({"file": REFERENCE, "content": "x"}, "give either file or content"),
        ({"file": "absent.yaml"}, "absent.yaml"),
        ({"file": 5}, "expected a text"),
        ({"file": REFERENCE, "config": {}}, "pulumi config set --secret isolab:seed"),
        ({"file": REFERENCE, "overrides": "x"}, "expected a map"),
        ({"file": REFERENCE, "overrides": {"guests": {"app": {"cont": 2}}}}, "guests.app.cont"),
        ({"file": REFERENCE, "variables": {"A": ["x"]}}, "variables.A"),
        ({"file": REFERENCE, "stack": "No Good"}, "expected small letters"),
        ({"file": REFERENCE, "cidr": "x"}, "cidr"),
        ({"content": "services: {web: {image: 'a:1', port: 1}}"}, "lab.yaml:1:32"),
    ],
    ids=str,
)
def test_a_mistake_is_told_without_a_trace(
    package: Package, inputs: dict[str, Any], said: str
) -> None:
    complaint = package.refused(**inputs)
    assert said in complaint
    assert "Traceback" not in complaint and ".py" not in complaint


CHANGES: dict[str, Any] = {
    "description": "Another.",
    "security": "compose",
    "host.autostart": True,
    "network.cidr": "10.99.7.0/24",
    "guests.app.count": 2,
    "guests.app.memory": "2GiB",
    "guests.app.vcpus": 4,
    "guests.app.disk": "9GiB",
    "guests.app.data": "3GiB",
    "services.web.image": "isolab/python:1",
    "services.web.user": "1000",
    "services.web.read_only": False,
    "services.web.hostname": "shop",
    "services.web.stop_grace_period": "20s",
    "services.web.environment": {"WORD": "new"},
    "services.web.deploy.resources.limits.memory": "192M",
    "services.web.deploy.resources.limits.cpus": "0.25",
    "services.db.healthcheck.retries": 7,
    "services.cache": {"image": "isolab/python:1", "command": "sleep 900"},
    "networks.back.internal": False,
}


def changed(path: str, value: object) -> dict[str, Any]:
    """A map with nothing but the value at the path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def laid_over(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """The lab file as its reader would edit it."""
    edited = dict(base)
    for key, value in over.items():
        below = edited.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        edited[key] = laid_over(below, value) if both else value
    return edited


OFTEN = ("guests.app.count", "services.web.environment")
"""The changes that are tried each time; all take half a minute."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=[] if p in OFTEN else [pytest.mark.long]) for p in CHANGES],
)
def test_a_changed_input_is_the_change_of_the_lab_file(
    package: Package, tmp_path: Path, path: str
) -> None:
    over = changed(path, CHANGES[path])
    reference = Path(REFERENCE).read_text()
    edited = tmp_path / "reference.yaml"
    edited.write_text(yaml.safe_dump(laid_over(yaml.safe_load(reference), over)))

    def made(**inputs: Any) -> dict[str, Any]:
        plan = json.loads(package.construct(**inputs)["plan"])
        return {"plan": plan, **{n: package.engine.inputs(n) for n in package.engine.made}}

    after = made(file=REFERENCE, overrides=over)
    assert after == made(file=str(edited))
    assert after != made(file=REFERENCE)


WEB = {"web": {"image": "isolab/python:1", "ports": ["8000:8000"]}}


def a_guest(package: Package, name: str = "dns", **inputs: Any) -> dict[str, Any]:
    return package.construct(of="Guest", name=name, **inputs)


def test_a_guest_is_a_lab_of_one_guest(package: Package) -> None:
    outputs = a_guest(package, memory="2GiB", vcpus=2.0, data="1GiB", services=WEB)
    made = package.engine.made
    domain = package.engine.inputs("dns-1-domain")
    assert (domain["name"], domain["memory"], domain["vcpu"]) == ("isolab-dev-dns-dns-1", 2048, 2)
    assert "dns-1-data" in made
    assert package.engine.inputs("dns-web-1")["name"] == "web-1"
    assert made["dns-1"].parent.endswith("Lab::dns")
    assert made["dns"].type in ("isolab:index:Guest", "isolab:index:Lab")
    address = outputs["address"]
    assert outputs["dockerHost"] == f"ssh://root@{address}"
    assert outputs["sshCommand"].endswith(f" root@{address}")
    assert outputs["endpoints"] == {"web": f"http://{address}:8000"}
    assert outputs["domain"] == "id-dns-1-domain"
    assert outputs["registry"].endswith(":5000")
    assert serialize.loads(outputs["plan"]).stack == "dev-dns"
    assert outputs["privateKey"][rpc._special_sig_key] == rpc._special_secret_sig
    for value in in_the_open(outputs):
        assert "PRIVATE KEY" not in str(value)


def test_a_guest_needs_no_inputs(package: Package) -> None:
    a_guest(package)
    assert package.engine.inputs("dns-1-domain")["memory"] == 1024


@pytest.mark.slow
def test_twelve_guests_of_a_program_have_nothing_in_common(package: Package) -> None:
    seen: list[set[str]] = []
    for _ in range(2):
        found: set[str] = set()
        for number in range(12):
            outputs = a_guest(package, f"node{number}", services=WEB)
            resources = {f"{r.type}::{r.parent}::{r.name}" for r in package.engine.made.values()}
            own = {outputs["address"], outputs["plan"], *resources}
            own |= {package.engine.inputs(f"node{number}-1-domain")["name"]}
            network = package.engine.inputs(f"node{number}-host-network")
            own |= {network["name"], network["bridge"], network["addresses"][0]}
            ports = package.engine.inputs(f"node{number}-host-registry-loopback")["ports"]
            own |= {f"port {ports[0]['external']:.0f}"}
            assert not own & found
            found |= own
        seen.append(found)
    assert seen[0] == seen[1]


def test_two_labs_of_a_program_have_different_names_and_subnets(package: Package) -> None:
    package.construct(file=REFERENCE, name="lab", cidr="10.99.7.0/24")
    said = package.refused(file=REFERENCE, name="second", cidr="10.99.8.0/24")
    assert "stack" in said and "isolab:index:Lab::lab" in said
    said = package.refused(file=REFERENCE, name="second", stack="second", cidr="10.99.0.0/16")
    assert "cidr" in said and "10.99.7.0/24" in said
    inputs = {"file": REFERENCE, "stack": "second", "prefix": "second-"}
    package.construct(name="second", **inputs)
    made = package.engine.made
    assert {"second-app-1-domain", "second-web-1", "second-app-1-web"} <= made.keys()
    assert package.engine.inputs("second-web-1")["name"] == "web-1"


GUEST_INPUTS: dict[str, Any] = {
    "memory": "2GiB",
    "vcpus": 2,
    "disk": "9GiB",
    "data": "1GiB",
    "image": "own.qcow2",
    "cpu": "host-model",
    "cloudInit": {"packages": ["jq"]},
    "services": WEB,
    "networks": {"back": {}},
    "volumes": {"data": {}},
    "secrets": {"word": {"external": True}},
    "configs": {"word": {"content": "x"}},
    "security": "hardened",
    "libvirt": "qemu:///session",
    "virtualization": "tcg",
    "autostart": True,
    "outside": "none",
    "hostPorts": ["3142/tcp"],
    "cidr": "10.99.9.0/24",
    "stack": "other",
}


def test_every_input_of_a_guest_is_among_those_that_are_tried() -> None:
    inputs = provider_schema("Guest")["inputProperties"]
    assert inputs.keys() == {*GUEST_INPUTS, "seed"}


@pytest.mark.parametrize("name", GUEST_INPUTS)
def test_an_input_of_a_guest_has_to_be_known_and_is_no_secret(package: Package, name: str) -> None:
    said = package.refused(of="Guest", name="dns", **{name: UNKNOWN})
    assert name in said and "known only after the deployment" in said
    secret = {**SECRET, "value": GUEST_INPUTS[name]}
    said = package.refused(of="Guest", name="dns", **{name: secret})
    assert name in said and "plain text" in said


def deep(value: object, mark: object) -> Iterator[object]:
    """The value with one of its leaves marked, for each of them."""
    match value:
        case dict():
            for key, below in value.items():
                yield from ({**value, key: each} for each in deep(below, mark))
        case list():
            for at, below in enumerate(value):
                yield from ([*value[:at], each, *value[at + 1 :]] for each in deep(below, mark))
        case _:
            yield mark


@pytest.mark.parametrize("name", ["cloudInit", "services", "secrets", "configs", "hostPorts"])
def test_the_same_deep_inside_of_an_input(package: Package, name: str) -> None:
    for mark, reason in (
        (UNKNOWN, "known only after the deployment"),
        ({**SECRET, "value": "x"}, "plain text"),
    ):
        for value in deep(GUEST_INPUTS[name], mark):
            said = package.refused(of="Guest", name="dns", **{name: value})
            assert name in said and reason in said, value


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"memory": "much"}, ["memory", "expected a size"]),
        ({"memory": 5}, ["memory", "expected a size"]),
        ({"vcpus": 2.5}, ["vcpus"]),
        ({"cloudInit": {"packges": []}}, ["cloudInit.packges"]),
        ({"services": {"web": {"image": "a:1", "port": 1}}}, ["services.web.port"]),
        ({"services": {"web": {"image": "a:1", "ports": ["x"]}}}, ["services.web.ports[0]"]),
        ({"outside": "everywhere"}, ["outside"]),
        ({"hostPorts": ["x"]}, ["hostPorts[0]"]),
        ({"stack": "No Good"}, ["stack", "expected small letters"]),
        ({"cidr": "x"}, ["cidr"]),
        ({"name": "No_Good"}, ["stack"]),
    ],
    ids=str,
)
def test_a_mistake_in_a_guest_is_told_at_its_input(
    package: Package, inputs: dict[str, Any], said: list[str]
) -> None:
    complaint = package.refused(of="Guest", **{"name": "dns", **inputs})
    assert all(words in complaint for words in said), complaint
    assert "Traceback" not in complaint and ".py" not in complaint


PLAIN = {"image": "docker.io/library/nginx:1.27", "ports": ["8080:80"]}
REMOTE = {"dockerHost": "ssh://kim@10.1.2.3:2222"}


def a_service(package: Package, **inputs: Any) -> dict[str, Any]:
    return package.construct(of="Service", name="web", **{"definition": PLAIN, **REMOTE, **inputs})


def test_a_service_runs_on_any_docker_over_ssh(package: Package) -> None:
    outputs = a_service(package, sshOptions=["-i", "key"])
    provider = package.engine.inputs("web-docker")
    assert provider["host"] == "ssh://kim@10.1.2.3:2222"
    assert json.loads(provider["sshOpts"]) == ["-i", "key"]
    container = package.engine.inputs("web-1")
    assert container["ports"] == [
        {"internal": 80, "external": 8080, "ip": "0.0.0.0", "protocol": "tcp"}
    ]
    (network,) = container["networksAdvanced"]
    assert (network["name"], network["aliases"]) == ("web", ["web"])
    assert package.engine.inputs("web-web")["name"] == "web"
    assert package.engine.inputs("web-image")["name"] == PLAIN["image"]
    assert outputs == {"containers": {"web-1": "id-web-1"}, "endpoints": ["http://10.1.2.3:8080"]}


def test_a_service_may_be_where_nobody_knows_yet(package: Package) -> None:
    outputs = a_service(package, dockerHost=UNKNOWN, sshOptions=UNKNOWN)
    assert package.engine.inputs("web-docker")["host"] == UNKNOWN
    assert outputs["endpoints"] == UNKNOWN


def test_a_service_may_have_a_docker_provider_of_the_program(package: Package) -> None:
    own = urn("pulumi:providers:docker", "own") + "::id"
    package.construct(
        of="Service", name="web", definition=PLAIN, options={"providers": {"docker": own}}
    )
    made = package.engine.made
    assert "web-docker" not in made
    assert made["web-1"].provider == made["web-image"].provider == own
    assert "no Docker provider" in package.refused(of="Service", name="web", definition=PLAIN)


def test_a_service_has_files_where_it_has_a_key(package: Package) -> None:
    inputs = {
        "definition": {**PLAIN, "secrets": ["word"], "volumes": ["data:/data"]},
        "secrets": {"word": {"external": True}},
        "volumes": {"data": {}},
    }
    said = package.refused(of="Service", name="web", **inputs, **REMOTE)
    assert "privateKey" in said
    a_service(package, **inputs, privateKey={**SECRET, "value": "PRIVATE"}, hostKey="ssh-ed25519 A")
    way = package.engine.inputs("web-1-files")["connection"]["value"]
    assert (way["host"], way["user"], way["port"]) == ("10.1.2.3", "kim", 2222)
    assert package.engine.made["web-data"].retainOnDelete
    for value in in_the_open({n: package.engine.inputs(n) for n in package.engine.made}):
        assert "PRIVATE" not in str(value)
        assert secrets.password(SEED, "word") not in str(value)
    # The key of a guest that is not there yet.
    a_service(package, **inputs, privateKey={**SECRET, "value": UNKNOWN}, hostKey=UNKNOWN)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"definition": None}, ["definition", "is missing"]),
        ({"definition": "nginx"}, ["definition", "no map"]),
        ({"definition": {**PLAIN, "port": 1}}, ["definition.port"]),
        ({"definition": {**PLAIN, "image": UNKNOWN}}, ["definition.image", "known only after"]),
        (
            {"definition": {**PLAIN, "environment": {"A": {**SECRET, "value": "b"}}}},
            ["definition", "plain text"],
        ),
        ({"definition": {"image": "isolab/python:9"}}, ["registry"]),
        ({"definition": {**PLAIN, "pids_limit": 9}}, ["definition.deploy.resources.limits.pids"]),
        ({"definition": {**PLAIN, "volumes": ["data:/data"]}}, ["definition.volumes"]),
        ({"registry": UNKNOWN}, ["registry", "known only after"]),
    ],
    ids=str,
)
def test_a_mistake_in_a_service_is_told_at_its_input(
    package: Package, inputs: dict[str, Any], said: list[str]
) -> None:
    given = {"definition": PLAIN, **REMOTE, **inputs}
    complaint = package.refused(of="Service", name="web", **given)
    assert all(words in complaint for words in said), complaint
    assert "Traceback" not in complaint and ".py" not in complaint


FRONT: dict[str, Any] = {
    "listen": 8080,
    "servers": ["10.1.2.3:80", "http://10.1.2.4:81"],
    "registry": "127.0.0.1:20000",
}


def a_balancer(package: Package, **inputs: Any) -> dict[str, Any]:
    return package.construct(of="Balancer", name="front", **{**FRONT, **inputs})


def test_a_balancer_runs_in_the_docker_of_this_machine(package: Package) -> None:
    outputs = a_balancer(package, check="/health", sticky=True)
    container = package.engine.inputs("front-balancer")
    assert container["name"] == "isolab-dev-front-balancer"
    assert container["networkMode"] == "host"
    image = package.engine.inputs("front-image")["name"]
    assert image == "127.0.0.1:20000/isolab/haproxy@sha256:h"
    assert package.engine.made["front-files"].type == "command:local:Command"
    script = package.engine.inputs("front-files")["stdin"]
    written = base64.b64decode(script.split("echo ", 1)[1].split()[0].strip("'")).decode()
    assert "server 10.1.2.3-80 10.1.2.3:80" in written
    assert "server 10.1.2.4-81 10.1.2.4:81" in written
    assert "/health" in written and "bind 0.0.0.0:8080" in written
    assert outputs == {"container": "id-front-balancer", "endpoint": "http://localhost:8080"}


def test_a_balancer_runs_on_any_docker_over_ssh(package: Package) -> None:
    key = {**SECRET, "value": UNKNOWN}
    outputs = a_balancer(package, **REMOTE, privateKey=key, mode="tcp", address="10.1.2.3")
    assert package.engine.made["front-files"].type == "command:remote:Command"
    assert package.engine.inputs("front-balancer")["name"] == "front-balancer"
    assert outputs["endpoint"] == "tcp://10.1.2.3:8080"
    assert a_balancer(package, dockerHost=UNKNOWN, privateKey=key)["endpoint"] == UNKNOWN


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"listen": UNKNOWN}, ["listen", "known only after"]),
        ({"listen": 70000}, ["listen", "expected a port"]),
        ({"listen": 80.5}, ["listen", "expected a port"]),
        ({"servers": ["10.1.2.3:80", UNKNOWN]}, ["servers", "known only after"]),
        ({"servers": ["10.1.2.3:80", "web:80"]}, ["servers[1]", "expected an IPv4 address"]),
        ({"servers": ["10.1.2.3"]}, ["servers[0]", "expected a port"]),
        ({"servers": []}, ["servers", "is empty"]),
        ({"mode": "udp"}, ["mode", "expected http or tcp"]),
        ({"check": "a b"}, ["check", "expected a path"]),
        ({"address": "here"}, ["address", "expected an IPv4 address"]),
        ({"registry": ""}, ["registry", "is missing"]),
        (REMOTE, ["privateKey", "is missing"]),
    ],
    ids=str,
)
def test_a_mistake_in_a_balancer_is_told_at_its_input(
    package: Package, inputs: dict[str, Any], said: list[str]
) -> None:
    complaint = package.refused(of="Balancer", name="front", **{**FRONT, **inputs})
    assert all(words in complaint for words in said), complaint
    assert "Traceback" not in complaint and ".py" not in complaint


def test_providers_of_the_program_reach_the_children(package: Package) -> None:
    own = {
        "libvirt": urn("pulumi:providers:libvirt", "own") + "::id",
        "command": urn("pulumi:providers:command", "own") + "::id",
    }
    a_guest(package, services=WEB, options={"providers": own})
    made = package.engine.made
    assert made["dns-1-domain"].provider == made["dns-host-network"].provider == own["libvirt"]
    assert made["dns-1-ready"].provider == own["command"]
    assert "dns-host-libvirt" not in made and "dns-command" not in made


def test_options_reach_the_component_and_its_children(package: Package) -> None:
    package.construct(file=REFERENCE, options={"protect": True, "retainOnDelete": True})
    lab = package.engine.made["lab"]
    assert lab.protect and lab.retainOnDelete


def test_the_committed_version_is_the_project_s() -> None:
    told = subprocess.check_output(
        [sys.executable, "-m", "isolab", "--version"], cwd=REPO, text=True
    )
    assert json.loads(SCHEMA.read_text())["version"] == told.split()[1]


def referenced(value: Any, outputs: dict[str, Any]) -> Any:
    """The value with ${dns.address} and the like replaced, as the language host for YAML does."""
    match value:
        case dict():
            return {key: referenced(each, outputs) for key, each in value.items()}
        case list():
            return [referenced(each, outputs) for each in value]
        case str() if match := re.fullmatch(r"\$\{(\w+)\.([\w.]+)\}", value):
            found: Any = outputs[match[1]]
            for key in match[2].split("."):
                found = found[key]
            return found
        case _:
            return value


def test_the_examples_of_the_page_in_yaml_are_taken(package: Package) -> None:
    page = (REPO / "docs" / "package.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    program, *more = (block for block in blocks if "type: isolab" in block)
    resources = yaml.safe_load(program)["resources"]
    for each in more:
        resources |= yaml.safe_load(each)
    outputs: dict[str, Any] = {}
    for name, resource in resources.items():
        outputs[name] = package.construct(
            of=resource["type"].rsplit(":", 1)[-1],
            name=name,
            **referenced(resource["properties"], outputs),
        )
        known = provider_schema(resource["type"].rsplit(":", 1)[-1])["inputProperties"]
        assert resource["properties"].keys() <= known.keys()
    assert outputs.keys() == {"dns", "more", "front"}
    address = outputs["dns"]["address"]
    assert outputs["dns"]["endpoints"] == {"web": f"http://{address}:8000"}
    assert outputs["more"]["endpoints"] == [f"http://{address}:8001"]


def test_the_page_names_every_input_and_output() -> None:
    page = (REPO / "docs" / "package.md").read_text()
    for token, component in json.loads(SCHEMA.read_text())["resources"].items():
        for name in component["inputProperties"].keys() | component["properties"].keys():
            assert f"`{name}`" in page, f"{token} {name}"
