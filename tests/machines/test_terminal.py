"""Commands with and without a terminal, without any machine."""

import time

import pytest
import terminal
from terminal import Answer, TookTooLong


def within(script: str, *answers: Answer, timeout: float = 20) -> terminal.Result:
    return terminal.within(
        ["sh", "-c", script], answers, timeout=timeout, show=False, first=lambda: None
    )


def without(script: str, timeout: float = 20) -> terminal.Result:
    return terminal.without(["sh", "-c", script], timeout=timeout, show=False, first=lambda: None)


def test_questions_get_their_answers_in_the_order_in_which_they_come() -> None:
    ask = "printf 'Agree? [y/N] '; read -r a; printf 'Name: '; read -r b; echo \"<$a,$b>\""
    done = within(ask, Answer("Name:", "me"), Answer(r"\[y/N\]", "y"))
    assert done.output.endswith("<y,me>\n")
    assert done.asked == (r"\[y/N\]", "Name:")
    assert done.code == 0


def test_what_is_printed_in_passing_is_no_question() -> None:
    done = within("echo 'Name: nobody'; echo done", Answer("Name:", "me"))
    assert done.asked == ()


def test_the_exit_code_is_the_commands() -> None:
    assert within("exit 3").code == 3
    assert without("echo out; echo err >&2; exit 2").output == "out\nerr\n"
    assert without("exit 2").code == 2


def test_there_is_a_terminal_or_none() -> None:
    assert within("[ -t 0 ] && true </dev/tty").code == 0
    assert without("[ -t 0 ] || true </dev/tty").code == 2


def test_a_question_that_nobody_answers_ends_with_what_was_printed() -> None:
    begin = time.monotonic()
    with pytest.raises(TookTooLong, match="Agree"):
        within("printf 'Agree? '; read -r a", timeout=1)
    assert time.monotonic() - begin < 10


def test_what_stays_in_the_background_keeps_nobody_waiting() -> None:
    assert without("sleep 9 &").seconds < 5
