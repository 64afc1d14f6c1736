"""Resources go to the engine without the stack of the program, and errors keep theirs."""

import sys
import traceback

import pytest

from machine.deployment.untraced import untraced


class Resource:
    """As deep below the program as the SDK's own."""

    def __init__(self) -> None:
        from pulumi.runtime.resource import _get_stack_trace

        self.frames = list(_get_stack_trace().frames)


class Custom(Resource):
    def __init__(self) -> None:
        super().__init__()


class Container(Custom):
    def __init__(self) -> None:
        super().__init__()


def test_the_sdk_finds_no_stack_to_send() -> None:
    assert Container().frames
    with untraced():
        assert Container().frames == []
    assert Container().frames


def test_an_error_that_leaves_has_its_whole_trace() -> None:
    def fail() -> None:
        with untraced():
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside") as error:
        fail()
    lines = "".join(traceback.format_exception(error.value))
    assert "in fail" in lines and "in test_an_error" in lines
    assert not hasattr(sys, "tracebacklimit")
