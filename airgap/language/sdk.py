"""A Python SDK of a component package, made from its schema."""

import json
import keyword
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_ANY = "Any"

_PROJECT = """\
[project]
name = "{project}"
version = "{version}"
dependencies = ["pulumi>=3.165"]

[build-system]
requires = []
build-backend = "wheel_of_one_module"
backend-path = ["."]
"""

_BACKEND = '''\
"""Builds the wheel of this SDK with nothing but Python, so that no internet is needed."""

import base64
import hashlib
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
NAME, VERSION, MODULE = {name!r}, {version!r}, {module!r}
METADATA = f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n"
WHEEL = "Wheel-Version: 1.0\\nGenerator: isolab\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = f"{{NAME.replace('-', '_')}}-{{VERSION}}.dist-info"
    files = {{
        str(file.relative_to(HERE)): file.read_bytes()
        for file in sorted((HERE / MODULE).rglob("*"))
        if file.is_file() and file.suffix != ".pyc"
    }}
    files[f"{{info}}/METADATA"] = (METADATA + "Requires-Dist: pulumi>=3.165\\n").encode()
    files[f"{{info}}/WHEEL"] = WHEEL.encode()
    record = f"{{info}}/RECORD"
    lines = [f"{{n}},sha256={{_hash(data)}},{{len(data)}}" for n, data in files.items()]
    files[record] = "\\n".join([*lines, f"{{record}},,", ""]).encode()
    wheel = f"{{NAME.replace('-', '_')}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return wheel


def _hash(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
'''

_HEAD = '''\
"""{description}

Made by isolab's language host from the schema of the package; do not edit.
"""

from typing import Any, Mapping, Optional, Sequence, cast

import pulumi

__all__ = {names}
'''

_COMPONENT = '''

class {name}(pulumi.ComponentResource):
    """{description}"""

    def __init__(
        self,
        resource_name: str,
        opts: Optional[pulumi.ResourceOptions] = None,
        *,
{parameters}    ) -> None:
        """Make one.

        Args:
            resource_name: Its name in the program.
            opts: As of all resources.
{arguments}        """
        props: dict[str, Any] = {{
{outputs}{inputs}        }}
        super().__init__({token!r}, resource_name, props, opts, remote=True)
'''

_OUTPUT = '''
    @property
    def {python}(self) -> pulumi.Output[{type}]:
        """{description}"""
        return cast("pulumi.Output[{type}]", self.__dict__[{name!r}])
'''


class NoSdk(Exception):
    """The schema has what this makes no SDK of."""


def write(schema: str, folder: Path) -> None:
    """The SDK as a project that pip installs.

    Raises:
        NoSdk: It is not a package of components alone.
    """
    package = json.loads(schema)
    name, version = package["name"], package.get("version") or "0.0.0"
    if others := _not_components(package):
        reason = f"isolab's language host makes SDKs of components; {name} has {others}"
        raise NoSdk(f"{reason}: use Pulumi's own language host")
    module = module_of(package)
    inside = folder / module
    inside.mkdir(parents=True, exist_ok=True)
    project = project_of(package)
    (inside / "__init__.py").write_text(_module(package))
    (inside / "py.typed").write_text("")
    (folder / "pyproject.toml").write_text(_PROJECT.format(project=project, version=version))
    backend = _BACKEND.format(name=project, version=version, module=module)
    (folder / "wheel_of_one_module.py").write_text(backend)


def module_of(package: Any) -> str:
    """What a program imports."""
    chosen = package.get("language", {}).get("python", {}).get("packageName")
    return chosen or module_name(package["name"], package.get("namespace") or "pulumi")


def module_name(name: str, namespace: str = "pulumi") -> str:
    """The same by the names alone."""
    return f"{namespace}_{name}".replace("-", "_")


def project_of(package: Any) -> str:
    """What pip calls it."""
    return module_of(package).replace("_", "-")


def _not_components(package: Any) -> str:
    found = [t for t, each in package.get("resources", {}).items() if not each.get("isComponent")]
    found += package.get("functions", {})
    found += ["a parameterization"] if package.get("parameterization") else []
    return ", ".join(sorted(found))


def _module(package: Any) -> str:
    resources = sorted(package.get("resources", {}).items())
    names = [token.rsplit(":", 1)[-1] for token, _ in resources]
    what = package.get("description") or f"The components of the package {package['name']}."
    head = _HEAD.format(description=_text(what), names=names)
    return head + "".join(_component(token, each) for token, each in resources)


def _component(token: str, each: Any) -> str:
    inputs, outputs = each.get("inputProperties", {}), each.get("properties", {})
    required = set(each.get("requiredInputs", ()))
    # Who is required comes first, so that all of them can stand in a signature.
    order = sorted(inputs, key=lambda name: name not in required)
    text = _COMPONENT.format(
        name=token.rsplit(":", 1)[-1],
        token=token,
        description=_text(each.get("description", "A component.")),
        parameters="".join(_parameter(name, inputs[name], name in required) for name in order),
        arguments="".join(
            f"            {python_name(name)}: {_text(inputs[name].get('description', ''))}\n"
            for name in order
        ),
        outputs="".join(f"            {name!r}: None,\n" for name in outputs),
        inputs="".join(f"            {name!r}: {python_name(name)},\n" for name in order),
    )
    return text + "".join(
        _OUTPUT.format(
            name=name,
            python=python_name(name),
            type=_type(shape),
            description=_text(shape.get("description", "")),
        )
        for name, shape in outputs.items()
    )


def _parameter(name: str, shape: Any, required: bool) -> str:
    found = f"pulumi.Input[{_type(shape)}]"
    if required:
        return f"        {python_name(name)}: {found},\n"
    return f"        {python_name(name)}: Optional[{found}] = None,\n"


def _type(shape: Any) -> str:
    kind = shape.get("type")
    if "$ref" in shape or "oneOf" in shape:
        return _ANY
    if kind == "array":
        return f"Sequence[{_type(shape.get('items', {}))}]"
    if kind == "object":
        return f"Mapping[str, {_type(shape.get('additionalProperties', {}))}]"
    return _PLAIN.get(kind, _ANY)


def python_name(name: str) -> str:
    """sshOptions is ssh_options in Python."""
    snake = "".join(_words(name))
    return f"{snake}_" if keyword.iskeyword(snake) or snake in {"self", "opts"} else snake


def _words(name: str) -> Iterator[str]:
    for at, letter in enumerate(name):
        if letter.isupper() and at and not name[at - 1].isupper():
            yield "_"
        yield letter.lower()


def _text(text: str) -> str:
    """A description inside of a docstring."""
    return re.sub(r"\s+", " ", text).strip().replace("\\", "\\\\").replace('"""', "'''")
