from pathlib import Path

from machine.images import preload


def test_only_layers_stay_of_a_data_root(tmp_path: Path):
    for folder in (*preload.LAYERS, "containers", "tmp"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_text("something")
    (tmp_path / "engine-id").write_text("an id")
    (tmp_path / "link").symlink_to("image", target_is_directory=True)
    preload.remove_all_but_layers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(preload.LAYERS)
    assert (tmp_path / "image/file").exists()
