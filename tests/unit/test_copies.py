"""Only a copy that somebody wrote to is data."""

import time
from pathlib import Path

from isolab.cli.context import copies
from isolab.diff.change import Loss
from isolab.plan.model import Guest, Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.transport import Result, Unreachable
from machine.host.transport import HostTransport

LAB = Path(__file__).parents[2] / "stacks/reference.yaml"
VOLUME = Loss(guest="app-1", volume="data", containers=("db-1",), because="")


class Silent(HostTransport):
    def run(self, command: object, input: str = "", timeout: float = 30) -> Result:
        raise Unreachable("no answer")


def made(folder: Path) -> Loss:
    """A copy, as a guest unpacks it."""
    half = folder / "0123.part"
    (half / "content").mkdir(parents=True)
    (half / "content/file").write_text("as copied")
    half.rename(folder / "0123")
    path = str(folder / "0123/content")
    return Loss(
        guest="app-1", volume="", containers=("web-1",), because="", copy=path, source="x at /x"
    )


def asked(loss: Loss, way: HostTransport) -> tuple[Loss, ...]:
    plan = plan_file(LAB, {}, Surroundings(stack="s"))
    assert isinstance(plan, Plan)

    def into(of: Plan, guest: Guest) -> HostTransport:
        assert (of, guest.name) == (plan, "app-1")
        return way

    return copies.without_untouched((VOLUME, loss), plan, into)


def test_a_copy_that_is_as_it_was_made_is_no_loss(tmp_path: Path) -> None:
    assert asked(made(tmp_path), HostTransport()) == (VOLUME,)


def test_a_copy_that_was_written_to_is(tmp_path: Path) -> None:
    loss = made(tmp_path)
    time.sleep(0.05)
    (tmp_path / "0123/content/file").write_text("more")
    assert asked(loss, HostTransport()) == (VOLUME, loss)


def test_a_copy_from_which_something_was_removed_is(tmp_path: Path) -> None:
    loss = made(tmp_path)
    time.sleep(0.05)
    (tmp_path / "0123/content/file").unlink()
    assert asked(loss, HostTransport()) == (VOLUME, loss)


def test_a_guest_that_does_not_answer_may_have_lost_something(tmp_path: Path) -> None:
    loss = made(tmp_path)
    assert asked(loss, Silent()) == (VOLUME, loss)
    gone = Loss(
        guest="app-1", volume="", containers=("c",), because="", copy="/no/such/p", source="x at /x"
    )
    assert asked(gone, HostTransport()) == (VOLUME, gone)


def test_without_a_plan_nothing_is_asked(tmp_path: Path) -> None:
    loss = made(tmp_path)
    assert copies.without_untouched((loss,), None) == (loss,)
