"""A shell in a container that ends with its terminal.

Docker goes on with what `docker exec` began when its client is gone: a shell whose window was
closed would stay in the container for ever. So the client runs under a shell of the container's
guest, which survives the hang-up and ends every process that has inherited the terminal's mark.
"""

import secrets
import shlex

from isolab.transport import Transport

VARIABLE = "ISOLAB_TERMINAL"
SHELL = ("sh", "-c", "command -v bash >/dev/null && exec bash || exec sh")
"""What the container runs."""
# In a session of its own: those of the terminal's are ended meanwhile.
END = """
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
    end = shlex.join(["setsid", "--fork", "sh", "-c", END, "sh", mark])
    script = f"trap : HUP; {shell}; {end} </dev/null >/dev/null 2>&1"
    return tuple(below.argv(["sh", "-c", script], terminal=True))
