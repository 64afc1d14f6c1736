"""`./lab prune` removes what no stack uses, and nothing else."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from isolab.cli import main
from isolab.cli.errors import DONE, FAILED, UNABLE
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps
from machine.deployment import config, lock
from machine.engine import pulumi_cli
from machine.images import guest_image, registry_storage, service_catalog

LAB = Path(__file__).parents[2] / "stacks/reference.yaml"
STORAGE = "cache/registry/docker/registry/v2"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a cache of isolab's, a Docker that knows no container."""
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setattr(config, "STACKS", tmp_path / "stacks")
    monkeypatch.setattr(pulumi_cli, "executable", lambda: Path("/bin/false"))
    monkeypatch.setattr(guest_image, "recipe_digest", lambda: "f" * 64)
    (tmp_path / "stacks").mkdir()
    docker(tmp_path, monkeypatch, "true")
    return tmp_path


def docker(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program in place of Docker's client; it notes what it is asked."""
    program = folder / "bin/docker"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")


def aged(path: Path) -> Path:
    """As if it had been there since long ago."""
    for each in (path, *path.rglob("*")):
        then = time.time() - 10_000
        os.utime(each, (then, then))
    return path


def blob(home: Path, content: str) -> str:
    """A blob in the registry's storage; its digest."""
    name = hashlib.sha256(content.encode()).hexdigest()
    folder = home / STORAGE / "blobs/sha256" / name[:2] / name
    folder.mkdir(parents=True)
    (folder / "data").write_text(content)
    aged(folder)
    return f"sha256:{name}"


def image(home: Path, repository: str, *layers: str) -> str:
    """An image in the registry's storage; its digest."""
    manifest = {
        "config": {"digest": blob(home, f"config of {repository} {layers}")},
        "layers": [{"digest": layer} for layer in layers],
    }
    digest = blob(home, json.dumps(manifest))
    name = digest.removeprefix("sha256:")
    link = home / STORAGE / "repositories" / repository / "_manifests/revisions/sha256" / name
    link.mkdir(parents=True)
    (link / "link").write_text(digest)
    aged(link)
    for layer in layers:
        under = home / STORAGE / "repositories" / repository / "_layers/sha256" / layer[7:]
        under.mkdir(parents=True, exist_ok=True)
    return digest


def blobs(home: Path) -> set[str]:
    return {f"sha256:{path.name}" for path in (home / STORAGE / "blobs/sha256").glob("*/*")}


def stack(home: Path, name: str, digest: str, plan: str = "") -> Path:
    """A stack that is up and runs this image."""
    made = plan_file(LAB, {}, Surroundings(stack=name, digests={"isolab/guestbook:1": digest}))
    assert isinstance(made, Plan)
    prefix = f"urn:pulumi:{name}::isolab::"
    resources = [
        {
            "urn": f"{prefix}pulumi:pulumi:Stack::isolab-{name}",
            "type": "pulumi:pulumi:Stack",
            "outputs": {"plan": plan or dumps(made)},
        },
        {
            "urn": f"{prefix}libvirt:index/network:Network::{name}",
            "type": "libvirt:index/network:Network",
        },
    ]
    file = home / f"home/state/.pulumi/stacks/isolab/{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"resources": resources}}}))
    return file


def test_images_that_no_stack_runs_go_with_the_layers_that_nobody_else_needs(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared, own, unused = (blob(home, text) for text in ("shared", "own", "unused"))
    runs = image(home, "isolab/guestbook", shared, own)
    listed = image(home, "isolab/mariadb", shared)
    old = image(home, "isolab/guestbook", shared, unused)
    row = service_catalog.Built(source="s", digest=listed, id="i")
    service_catalog.folder().mkdir(parents=True)
    service_catalog.write({"isolab/mariadb:1": row})
    stack(home, "s", runs)
    before = blobs(home)
    assert main(["prune"]) == DONE
    assert "./lab prune --yes removes it" in capsys.readouterr().out
    assert blobs(home) == before
    assert main(["prune", "--yes"]) == DONE
    assert {shared, own, runs, listed} <= blobs(home)
    assert not {unused, old} & blobs(home)
    assert {i.digest for i in registry_storage.images()} == {runs, listed}
    layers = home / STORAGE / "repositories/isolab/guestbook/_layers/sha256"
    assert {path.name for path in layers.iterdir()} == {shared[7:], own[7:]}
    assert main(["prune"]) == DONE
    assert "nothing is unused" in capsys.readouterr().out


def test_what_was_made_just_now_is_left_to_the_up_that_made_it(home: Path) -> None:
    made = image(home, "isolab/guestbook", blob(home, "layer"))
    for path in (home / "cache").rglob("*"):
        os.utime(path)
    assert main(["prune", "--yes"]) == DONE
    assert made in blobs(home)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo isolab-other-registry", "a stack of another folder may use any"),
        ("echo 'Cannot connect to the Docker daemon' >&2; exit 1", "Docker does not say"),
    ],
)
def test_images_are_left_alone_where_others_may_use_them(
    home: Path,
    script: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    docker(home, monkeypatch, script)
    retained = image(home, "isolab/guestbook", blob(home, "layer"))
    guest = guest_image.place() / ("a" * 64)
    guest.mkdir(parents=True)
    (guest / "manifest.json").write_text("{}")
    aged(guest)
    assert main(["prune", "--yes"]) == DONE
    assert said in capsys.readouterr().out
    assert retained in blobs(home)
    assert guest.exists()


def test_images_are_left_alone_where_a_plan_cannot_be_read(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    retained = image(home, "isolab/guestbook", blob(home, "layer"))
    stack(home, "s", retained, plan='{"of": "another version"}')
    assert main(["prune", "--yes"]) == DONE
    assert "stack s was created by another version of isolab" in capsys.readouterr().out
    assert retained in blobs(home)


def test_images_are_left_alone_where_one_of_them_cannot_be_followed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = image(home, "isolab/guestbook", blob(home, "layer"))
    other = image(home, "isolab/mariadb", blob(home, "more"))
    stack(home, "s", runs)
    (home / STORAGE / "blobs/sha256" / runs[7:9] / runs[7:] / "data").write_text("cut o")
    assert main(["prune", "--yes"]) == DONE
    assert "not checked: the images of services" in capsys.readouterr().out
    assert other in blobs(home)


def test_guest_images_builds_and_engines_of_earlier_recipes_go(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(home, monkeypatch, 'case "$*" in *inspect*) echo sha256:id ;; esac')
    folders = [guest_image.place() / (letter * 64) for letter in "af"]
    folders += [pulumi_cli.folder().with_name("v3.100.0"), pulumi_cli.folder()]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
        aged(folder)
    builds = home / "cache/services/builds.json"
    builds.parent.mkdir(parents=True)
    digests = [image(home, f"isolab-build/{n}", blob(home, n)) for n in ("old", "new")]
    names = [f"isolab-build/{n}:{n * 8}" for n in ("old", "new")]
    rows = {
        name: {"source": "s", "digest": digest, "id": "i"}
        for name, digest in zip(names, digests, strict=True)
    }
    builds.write_text(json.dumps(rows))
    stack(home, "s", digests[1])
    assert main(["prune", "--yes"]) == DONE
    assert [folder.exists() for folder in folders] == [False, True, False, True]
    assert list(json.loads(builds.read_text())) == [names[1]]
    assert "rmi isolab-build/old:oldoldoldold" in (home / "asked").read_text()
    assert not {digests[0]} & blobs(home)


def test_of_a_stacks_history_the_last_run_stays(home: Path) -> None:
    stack(home, "s", "sha256:" + "a" * 64)
    state = home / "home/state/.pulumi"
    for name in ("s", "gone"):
        for kind, ends in (("history", (".history.json", ".checkpoint.json")), ("backups", ("",))):
            for run in ("100", "200", "300"):
                for end in ends:
                    place = state / kind / "isolab" / name
                    place.mkdir(parents=True, exist_ok=True)
                    dash = "-" if kind == "history" else "."
                    (place / f"{name}{dash}{run}{end or '.json'}").write_text("{}")
    assert main(["prune", "--yes"]) == DONE
    left = sorted(path.name for path in state.rglob("*.json") if path.parent.parent != state)
    assert [name for name in left if name != "s.json"] == [
        "s-300.checkpoint.json",
        "s-300.history.json",
        "s.200.json",
        "s.300.json",
    ]


def test_a_stack_at_work_keeps_everything(home: Path) -> None:
    stack(home, "s", "sha256:" + "a" * 64)
    retained = image(home, "isolab/guestbook", blob(home, "layer"))
    with lock.locked("new", "up", print):
        assert main(["prune", "--yes"]) == UNABLE
    assert retained in blobs(home)


def test_what_does_not_go_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image(home, "isolab/guestbook", blob(home, "layer"))

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(registry_storage, "forget_blob", refused)
    assert main(["prune", "--yes"]) == FAILED
