"""What a service on the host asks for beyond what each service gets there, which is nearly root."""

from collections.abc import Iterable, Mapping

HARMLESS = ("apparmor=docker-default", "apparmor:docker-default")
"""Security options that say what Docker does by itself."""


def on_the_host(
    *, cap_add: Iterable[str], security_opt: Iterable[str], user: str
) -> Mapping[str, str]:
    """Keys of the service to what they would give it of the host, in words."""
    capabilities = sorted({name.upper().removeprefix("CAP_") for name in cap_add})
    loose = sorted(
        {
            option
            for option in security_opt
            if option not in HARMLESS and not option.startswith("no-new-privileges")
        }
    )
    found = {
        "cap_add": f"capabilities of the host: {', '.join(capabilities)}" if capabilities else "",
        "security_opt": f"a profile of its own: {', '.join(map(_short, loose))}" if loose else "",
        "user": "the host's root as its user" if is_root(user) else "",
    }
    return {key: words for key, words in found.items() if words}


def is_root(user: str) -> bool:
    """Whether Docker takes it for root: by its name, or by any way to write 0."""
    name = user.partition(":")[0]
    try:
        return int(name) == 0
    except ValueError:
        return name == "root"


def _short(option: str) -> str:
    """A seccomp profile is a text of many lines."""
    return option if len(option) < 40 else f"{option[:20]}…"
