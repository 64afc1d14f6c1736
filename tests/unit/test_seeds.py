"""The file that a seed's volume is filled from."""

import io
from pathlib import Path
from typing import Any

import pycdlib
import pytest

from machine import seeds


def read(image: Path) -> tuple[str, dict[str, str]]:
    """The label of an ISO image, and its files."""
    disc: Any = pycdlib.PyCdlib()
    disc.open(str(image))
    found: dict[str, str] = {}
    for child in disc.list_children(joliet_path="/"):
        if child.is_file():
            name, content = child.file_identifier().decode("utf-16-be"), io.BytesIO()
            disc.get_file_from_iso_fp(content, joliet_path=f"/{name}")
            found[name] = content.getvalue().decode()
    label = disc.pvd.volume_identifier.decode().strip()
    disc.close()
    return label, found


def test_a_seed_holds_what_cloud_init_looks_for(tmp_path: Path) -> None:
    file = seeds.write(tmp_path / "seeds", "app-1", "#cloud-config\n", "instance-id: é\n", "v: 2\n")
    wanted = {
        "user-data": "#cloud-config\n", "meta-data": "instance-id: é\n", "network-config": "v: 2\n"
    }  # fmt: skip
    assert read(file) == ("cidata", wanted)
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_without_network_configuration_there_is_no_file_of_it(tmp_path: Path) -> None:
    assert set(read(seeds.write(tmp_path, "app-1", "u", "m", ""))[1]) == {"user-data", "meta-data"}


def test_the_same_content_is_the_same_file_untouched(tmp_path: Path) -> None:
    first = seeds.write(tmp_path, "app-1", "u", "m", "n")
    written = first.stat().st_mtime_ns
    assert seeds.write(tmp_path, "app-1", "u", "m", "n") == first
    assert first.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    "other", [("x", "m", "n"), ("u", "x", "n"), ("u", "m", "x"), ("um", "", "n")]
)
def test_another_content_is_another_file_in_its_place(
    tmp_path: Path, other: tuple[str, str, str]
) -> None:
    fellow = seeds.write(tmp_path, "app-10", "u", "m", "n")
    first = seeds.write(tmp_path, "app-1", "u", "m", "n")
    second = seeds.write(tmp_path, "app-1", *other)
    assert second != first
    assert sorted(tmp_path.iterdir()) == sorted((fellow, second))


def test_the_source_does_not_depend_on_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert seeds.write(Path("seeds"), "app-1", "u", "m", "n").is_absolute()
