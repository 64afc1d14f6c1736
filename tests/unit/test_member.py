"""Galera's members: who starts the cluster, whatever state they are found in."""

import socket
import sys
from itertools import permutations, product
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images/mariadb"))

from doors import TRIES, Door, each_kind
from member import __main__ as program
from member import talk
from member.decide import decide, stranded
from member.settings import Settings, Wrong
from member.states import NOBODY, Data, Phase, Position, State, bootstrappable, recovered, saved

MEMBERS = ("db-1", "db-2", "db-3")
HISTORY = "9dc2f037-e86c-11f1-90eb-4f07d3c54fb9"
OTHER = "aaaaaaaa-e86c-11f1-90eb-4f07d3c54fb9"
GRASTATE = f"""# GALERA saved state
version: 2.1
uuid:    {HISTORY}
seqno:   42
safe_to_bootstrap: 0
"""


def member(
    name: str, seqno: int = -1, uuid: str = HISTORY, phase: Phase = "waiting", data: Data = "whole"
) -> State:
    position = Position(uuid=uuid, seqno=seqno) if seqno >= 0 else Position()
    if data == "whole" and seqno < 0:
        data = "empty"
    return State(cluster="db", name=name, phase=phase, data=data, position=position)


def decisions(*states: State) -> dict[str, str]:
    """What each member would do that hears all of the others."""
    by_name = {state.name: state for state in states}
    return {
        state.name: decide(
            state, {n: s for n, s in by_name.items() if n != state.name}, MEMBERS
        ).what
        for state in states
    }


def test_the_first_member_begins_where_nobody_has_data() -> None:
    states = [member(name) for name in MEMBERS]
    assert decisions(*states) == {"db-1": "bootstrap", "db-2": "wait", "db-3": "wait"}


def test_the_furthest_member_begins_after_a_power_cut() -> None:
    states = [member("db-1", 40), member("db-2", 42), member("db-3", 41)]
    assert decisions(*states) == {"db-1": "wait", "db-2": "bootstrap", "db-3": "wait"}


def test_whoever_has_data_goes_before_whoever_has_none() -> None:
    states = [member("db-1"), member("db-2", 0), member("db-3")]
    assert decisions(*states)["db-2"] == "bootstrap"


def test_nobody_begins_while_one_is_missing() -> None:
    for me, other in permutations(MEMBERS, 2):
        decision = decide(member(me, 9), {other: member(other, 3)}, MEMBERS)
        assert decision.what == "wait"
        (missing,) = set(MEMBERS) - {me, other}
        assert missing in decision.why


def test_nobody_begins_while_another_server_runs() -> None:
    for phase in ("starting", "apart"):
        heard = {"db-2": member("db-2", 3, phase=phase), "db-3": member("db-3", 3)}
        assert decide(member("db-1", 9), heard, MEMBERS).what == "wait"


def test_a_running_cluster_is_joined_whoever_else_is_missing() -> None:
    heard = {"db-3": member("db-3", 3, phase="primary")}
    assert decide(member("db-1", 9), heard, MEMBERS).what == "join"
    assert decide(member("db-1", data="broken"), heard, MEMBERS).what == "join"


@pytest.mark.parametrize(
    ("odd", "words"),
    [(member("db-2", 5, uuid=OTHER), "histories"), (member("db-2", data="broken"), "db-2")],
)
def test_nobody_begins_where_only_a_person_can_know(odd: State, words: str) -> None:
    heard = {"db-2": odd, "db-3": member("db-3", 3)}
    decision = decide(member("db-1", 9), heard, MEMBERS)
    assert decision.what == "wait"
    assert words in decision.why


def test_never_do_two_members_begin() -> None:
    """All mixtures of what three members can be, heard by all, by each alone, and in pairs."""
    kinds: list[tuple[int, Phase, Data]] = [
        (-1, "waiting", "empty"),
        (3, "waiting", "whole"),
        (4, "waiting", "whole"),
        (-1, "waiting", "broken"),
        (4, "starting", "whole"),
        (4, "primary", "whole"),
        (4, "apart", "whole"),
    ]
    hearing = list(product([False, True], repeat=6))
    for mixture in product(kinds, repeat=3):
        states = {
            name: member(name, seqno, phase=phase, data=data)
            for name, (seqno, phase, data) in zip(MEMBERS, mixture, strict=True)
        }
        for ears in hearing:
            heard = dict(zip(permutations(MEMBERS, 2), ears, strict=True))
            begin = [
                name
                for name in MEMBERS
                if states[name].phase == "waiting"
                and decide(
                    states[name],
                    {o: states[o] for o in MEMBERS if o != name and heard[name, o]},
                    MEMBERS,
                ).what
                == "bootstrap"
            ]
            assert len(begin) <= 1
            # Nor beside a server that runs, nor behind another's data.
            for name in begin:
                assert {state.phase for state in states.values()} == {"waiting"}
                assert all(states[name].position.seqno >= s.position.seqno for s in states.values())


def test_a_server_outside_stops_only_where_that_can_help() -> None:
    assert not stranded({})
    assert not stranded({"db-2": member("db-2", 3, phase="apart")})
    assert not stranded({"db-2": member("db-2", 3, phase="starting")})
    assert stranded({"db-2": member("db-2", 3, phase="waiting")})
    assert stranded({"db-2": member("db-2", 3, phase="primary")})


def test_the_saved_position_counts_only_after_a_clean_stop() -> None:
    assert saved(GRASTATE) == Position(uuid=HISTORY, seqno=42)
    assert saved(GRASTATE).known
    crashed = saved(GRASTATE.replace("42", "-1"))
    assert (crashed.uuid, crashed.known) == (HISTORY, False)
    assert saved("") == Position()


def test_the_recovered_position_is_the_last_one_in_the_log() -> None:
    log = f"…\n2026-11-25 1:07:55 0 [Note] WSREP: Recovered position: {HISTORY}:17\n…"
    assert recovered(log) == Position(uuid=HISTORY, seqno=17)
    assert recovered("[ERROR] Aborting") is None
    nothing = recovered(f"WSREP: Recovered position: {NOBODY}:-1")
    assert nothing is not None
    assert not nothing.known


def test_only_the_chosen_one_is_marked() -> None:
    assert "safe_to_bootstrap: 1" in bootstrappable(GRASTATE)
    assert bootstrappable(GRASTATE).count("42") == 1


def test_a_state_survives_the_wire_and_rubbish_is_refused() -> None:
    state = member("db-1", 7)
    assert State.parse(state.line()) == state
    for line in ("", "[]", "{}", "HTTP/1.1 400 Bad Request", '{"position": {"x": 1}}'):
        with pytest.raises(ValueError):
            State.parse(line)


def test_settings_name_this_member_and_the_others() -> None:
    environment = {
        "GALERA_CLUSTER": "db",
        "GALERA_NAME": "db-2",
        "GALERA_MEMBERS": "db-1=10.0.0.11,db-2=10.0.0.12",
    }
    assert dict(Settings.read(environment).others) == {"db-1": "10.0.0.11"}
    for change in ({"GALERA_NAME": "db-9"}, {"GALERA_MEMBERS": "db-1"}):
        with pytest.raises(Wrong):
            Settings.read(environment | change)
    del environment["GALERA_CLUSTER"]
    with pytest.raises(Wrong, match="GALERA_CLUSTER"):
        Settings.read(environment)


class Deaf:
    """A server outside the cluster that hears no request to stop."""

    code = -9

    def __init__(self) -> None:
        self.heard: list[str] = []

    def alive(self) -> bool:
        assert len(self.heard) < 5
        return "kill" not in self.heard

    def phase(self) -> Phase:
        return "apart"

    def terminate(self) -> None:
        self.heard.append("terminate")

    def kill(self) -> None:
        self.heard.append("kill")


def test_a_server_that_does_not_stop_to_join_again_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program, "WATCH", 0.01)
    monkeypatch.setattr(program, "STRANDED", 0.02)
    asked = {"db-2": member("db-2", 50, phase="primary")}
    monkeypatch.setattr(program.talk, "ask_all", lambda *_: asked)
    watching = program.Member.__new__(program.Member)
    watching._settings = Settings(cluster="db", name="db-1", members=dict.fromkeys(MEMBERS, ""))
    watching._state = member("db-1", 40, phase="apart")
    watching._server = server = Deaf()
    watching._joins = False
    watching._watch()
    assert server.heard == ["terminate", "kill"]


@pytest.mark.slow
@each_kind
def test_a_member_that_starts_is_heard_once_it_gives_a_whole_line(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = member("db-1", 42)
    line = said.line().encode()
    monkeypatch.setattr(talk, "TIMEOUT", 0.1)

    def tell(client: socket.socket) -> None:
        client.sendall(line)

    for number in range(TRIES // 4):  # one after the other: there is one port
        with Door(kind, tell, number=number, whole=len(line)) as door:
            monkeypatch.setattr(talk, "PORT", door.port)
            heard = [talk.ask_all({"db-1": "127.0.0.1"}, "db") for _ in range(4)]
        assert heard == [{}, {}, {}, {"db-1": said}]
