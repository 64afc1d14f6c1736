"""One command of `./lab` for many stacks, a few at a time, each in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from isolab.cli.context.engine import say
from machine import paths


def run(commands: Mapping[str, Sequence[str]], at_once: int) -> tuple[str, ...]:
    """Run them all; the stacks whose command failed.

    What they print is in a log for each stack. An interrupt reaches those that run, which then
    end as they do by themselves; no further one is begun.

    Args:
        commands: The words behind ./lab for each stack.
        at_once: How many run at the same time.
    """
    started: dict[str, subprocess.Popen[str]] = {}
    failed: list[str] = []
    waiting = list(commands)
    with ThreadPoolExecutor(at_once) as pool:
        ahead: dict[Future[int], tuple[str, float]] = {}
        try:
            while waiting or ahead:
                while waiting and len(ahead) < at_once:
                    stack = waiting.pop(0)
                    started[stack] = _start(stack, commands[stack])
                    say(f"{stack}: {commands[stack][0]} …")
                    ahead[pool.submit(started[stack].wait)] = stack, time.monotonic()
                done, _ = wait(ahead, return_when=FIRST_COMPLETED)
                for each in done:
                    stack, begin = ahead.pop(each)
                    if each.result():
                        failed.append(stack)
                    say(f"{stack}: {_ended(stack, each.result())} {_seconds(begin)}")
        except BaseException:
            for process in started.values():
                if process.poll() is None:
                    # Whoever starts us may want SIGINT ignored, which they inherit.
                    process.terminate()
            raise
    return tuple(failed)


def log(stack: str) -> Path:
    """Where a stack's command said what it did."""
    return paths.logs() / f"class-{stack}.log"


def _start(stack: str, words: Sequence[str]) -> subprocess.Popen[str]:
    log(stack).parent.mkdir(parents=True, exist_ok=True)
    with log(stack).open("w") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "isolab", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            # A Ctrl-C reaches each of them once: from here.
            start_new_session=True,
        )


def _ended(stack: str, code: int) -> str:
    return f"failed, see {log(stack)}" if code else "done"


def _seconds(begin: float) -> str:
    return f"({time.monotonic() - begin:.0f} s)"
