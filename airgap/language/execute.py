"""Runs one program; started by the language host, with the program's own interpreter."""

import asyncio
import ctypes
import json
import logging
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_TOLD = 32
_THREADS_PER_OPERATION = 4
_DIE_WITH_PARENT = 1


def main() -> None:
    """Takes the task from standard input, runs it, and ends with a code for the host."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(_TOLD))
    sys.path.pop(0)  # this folder is no business of the program
    pulumi = _sdk()
    task = json.loads(sys.stdin.buffer.read())
    pulumi.runtime.set_all_config(task["config"], task["secrets"])
    pulumi.runtime.configure(pulumi.runtime.Settings(**task["settings"]))
    os.chdir(task["folder"])
    program = os.path.normpath(task["program"])
    folder = program if os.path.isdir(program) else os.path.dirname(program)
    if os.path.isdir(program) and not os.path.exists(os.path.join(program, "__main__.py")):
        pulumi.log.error(f"there is no program: {program} has no __main__.py")
        _end(_TOLD)
    sys.path.insert(0, folder)
    sys.argv = [program, *task["arguments"]]
    try:
        _run(program, task["settings"]["parallel"])
    except pulumi.RunError as problem:
        # An engine that gave up has said why itself.
        if "Resource monitor has terminated" not in str(problem):
            pulumi.log.error(str(problem))
        _end(_TOLD)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        _end(1 if isinstance(end.code, str) else end.code or 0)
    except BaseException as problem:  # whatever it is, the user must see it
        text = "".join(_frames_of_the_user(problem, folder)).rstrip()
        pulumi.log.error(f"Program failed with an unhandled exception:\n{text}")
        _end(_TOLD)
    _end(0)


def _sdk() -> Any:
    """The Pulumi SDK of the program's interpreter."""
    try:
        import pulumi
        import pulumi.runtime
    except ImportError as problem:
        print(f"{sys.executable} has no usable Pulumi SDK: {problem}", file=sys.stderr)
        print("Install the program's requirements into it.", file=sys.stderr)
        _end(_TOLD)
    else:
        return pulumi


def _run(program: str, parallel: int) -> None:
    import pulumi.runtime

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    threads = max(min(parallel, 1024), 1) * _THREADS_PER_OPERATION
    loop.set_default_executor(ThreadPoolExecutor(max_workers=threads))
    # Where one resource fails, the futures of those behind it stay open: no news to the user.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)

    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    loop.run_until_complete(pulumi.runtime.run_in_stack(run))


def _frames_of_the_user(problem: BaseException, folder: str) -> Iterator[str]:
    """The traceback from the program's first own frame on, without the runtime's."""
    links = list(_chain(traceback.TracebackException.from_exception(problem)))
    own = [each for each in links if _prune(each, folder)]
    for index, each in enumerate(own or links[-1:]):
        yield "\nwhich led to\n\n" if index else ""
        yield from each.format(chain=False)


def _chain(
    problem: traceback.TracebackException,
) -> Iterator[traceback.TracebackException]:
    before = problem.__cause__
    if before is None and not problem.__suppress_context__:
        before = problem.__context__
    if before is not None:
        yield from _chain(before)
    yield problem


def _prune(problem: traceback.TracebackException, folder: str) -> bool:
    """Whether any frame is the program's; those before it are dropped."""
    for index, frame in enumerate(problem.stack):
        path = frame.filename
        if path.startswith(os.path.join(folder, "")) and "site-packages" not in path:
            del problem.stack[:index]
            return True
    return isinstance(problem, SyntaxError)


def _end(code: Any) -> None:
    """Ends at once: threads that wait for an engine that gave up would hold the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main()
