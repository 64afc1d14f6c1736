"""A checkpoint of the reference lab: what it brings back, and that the engine sees no change."""

import json

import pytest
from conftest import Lab, changes, page, post

pytestmark = pytest.mark.long


def test_a_lab_comes_back_as_it_was_saved(reference: Lab) -> None:
    post(reference.url(), "written before the checkpoint")
    reference("checkpoint", "save", "before", "--stack", "reference")
    try:
        (saved,) = json.loads(reference("checkpoint", "list", "--json"))["checkpoints"]
        assert saved["guests"] == ["app-1"]
        post(reference.url(), "written after the checkpoint")
        reference.guest("docker rm -f web-1; touch /root/after")
        reference("checkpoint", "restore", "before", "--stack", "reference", "--yes")
        served = page(reference.url())
        assert "written before the checkpoint" in served
        assert "written after the checkpoint" not in served
        reference.guest("test ! -e /root/after")
        assert changes("reference") == {}
    finally:
        reference("checkpoint", "remove", "before", "--stack", "reference")
