"""Whether a registry can be asked at all from here."""

import ssl
import urllib.error
import urllib.request

HUB = "registry-1.docker.io"
"""Who answers for docker.io."""
TIMEOUT = 5
"""Seconds for its answer."""


def refusal(registry: str) -> str:
    """Why nobody answers; empty where somebody does, whatever is said."""
    host = HUB if registry == "docker.io" else registry
    try:
        urllib.request.urlopen(f"https://{host}/v2/", timeout=TIMEOUT).close()
    except urllib.error.HTTPError:
        return ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return "" if isinstance(reason, ssl.SSLError) else str(reason) or "no answer"
    return ""
