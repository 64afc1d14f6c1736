"""Values come back from Docker's provider as they were handed over."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airgap.docker.container_state import cpus as read_back
from airgap.docker.durations import nanoseconds, written
from isolab.plan import readback
from isolab.plan.model import PublishedPort
from isolab.units import Seconds

IMAGES = Path(__file__).parents[2] / "images"


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (0.05, "0.050001"),
        (0.01, "0.010001"),
        (0.1, "0.1"),
        (0.5, "0.5"),
        (1, "1.0"),
        (1.25, "1.25"),
        (2, "2.0"),
        (10, "10."),
        (10.5, "10.5"),
        (16, "16.0"),
        (20, "20."),
        (10.000001, "10."),
        (20.000009, "20."),
    ],
)
def test_a_processor_limit_is_written_as_it_is_read(limit: float, text: str) -> None:
    assert readback.cpus(limit) == text


@given(st.integers(10_000, 128_000_000).map(lambda millionths: millionths / 1e6))
def test_every_processor_limit_comes_back_and_is_the_same_to_the_kernel(limit: float) -> None:
    text = readback.cpus(limit)
    nano = Fraction(text) * 10**9
    assert read_back(int(nano)) == text
    microseconds_of_a_tenth = Fraction(round(limit * 10**9), 10**4)
    assert int(nano / 10**4) == int(microseconds_of_a_tenth)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.5, "500ms"),
        (0.0015, "1.5ms"),
        (0.000002, "2µs"),
        (1.5, "1.5s"),
        (5, "5s"),
        (60, "1m0s"),
        (90, "1m30s"),
        (3600, "1h0m0s"),
        (5400.25, "1h30m0.25s"),
    ],
)
def test_a_duration_is_written_as_go_writes_it(seconds: float, text: str) -> None:
    assert readback.duration(Seconds(seconds)) == text


@given(st.integers(0, 10**14))
def test_a_duration_comes_back(nano: int) -> None:
    text = readback.duration(Seconds(nano / 10**9))
    read = nanoseconds(text.replace("µs", "us"))
    assert written(read or 0) == text


def port(external: int, ip: str) -> PublishedPort:
    return PublishedPort(internal=80, external=external, protocol="tcp", ip=ip)


def key(port: PublishedPort) -> tuple[int, int, str, str]:
    return port.internal, port.external, port.protocol, port.ip


def test_ports_are_handed_over_in_the_order_in_which_they_were_read() -> None:
    one, two = port(8080, "10.0.0.2"), port(8081, "10.0.0.3")
    assert readback.ports((one, two), (key(two), key(one))) == (two, one)
    assert readback.ports((one, two), ()) == (one, two)


def test_ports_that_changed_are_handed_over_as_planned() -> None:
    one, two = port(8080, "10.0.0.2"), port(8081, "10.0.0.3")
    changed = replace(two, external=9000)
    assert readback.ports((one, changed), (key(two), key(one))) == (one, changed)


def test_the_guests_own_log_options_are_those_of_its_daemon() -> None:
    settings = json.loads((IMAGES / "guest/common/etc/docker/daemon.json").read_text())
    assert settings["log-driver"] == "json-file"
    assert settings["log-opts"] == readback.DAEMON_LOG_OPTIONS
