"""A shell in a container that ends with its terminal.

Docker goes on with what `docker exec` began when its client is gone: a shell whose window was
closed would stay in the container for ever. So beside the client, on the container's guest, a
program waits for its end, and then ends every process that has inherited the terminal's mark.
"""

import secrets
import shlex

from isolab.transport import Transport

VARIABLE = "ISOLAB_TERMINAL"
SHELL = ("sh", "-c", "command -v bash >/dev/null && exec bash || exec sh")
"""What the container runs."""
END = """
tail --pid="$2" -s 0.5 -f /dev/null
for each in /proc/[0-9]*/environ; do
    if grep -qsF "$1" "$each"; then each=${each%/environ}; kill -9 "${each#/proc/}"; fi
done
"""


def argv(container: str, below: Transport) -> tuple[str, ...]:
    """The host's command line for one terminal.

    Args:
        container: Its name.
        below: The way to what it runs on.
    """
    mark = f"{VARIABLE}={secrets.token_hex(8)}"
    shell = shlex.join(["docker", "exec", "-it", "-e", mark, container, *SHELL])
    # In a session of its own, so that the terminal's end is not its own.
    end = shlex.join(["setsid", "--fork", "sh", "-c", END, "sh", mark])
    script = f"{end} $$ </dev/null >/dev/null 2>&1; exec {shell}"
    return tuple(below.argv(["sh", "-c", script], terminal=True))
