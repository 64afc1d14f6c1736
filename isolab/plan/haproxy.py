"""HAProxy's configuration for a balancer, as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from isolab.plan.model import Balancer, Route

SOCKET = "/run/haproxy/admin.sock"
"""In the balancer's container: where it is asked and told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How often replicas are asked, and how long an answer may take; milliseconds."""

    interval: int
    """Between two checks of a healthy replica."""
    hurried: int
    """Between two checks once one has failed, and of a replica that is out."""
    fall: int
    """Failed checks in a row that take a replica out."""
    rise: int
    """Good ones that take it in again."""
    connect: int
    """For a connection to a replica; then the next one is tried."""
    answer: int
    """For the answer to a check."""
    probe: int
    """Between two TCP keepalive probes to a replica that has a request and says nothing."""
    unanswered: int
    """Probes in a row without an acknowledgement after which the connection is closed."""


KVM = Pace(
    interval=1000, hurried=300, fall=2, rise=2, connect=500, answer=1000, probe=1000, unanswered=3
)
TCG = Pace(
    interval=2000, hurried=500, fall=3, rise=2, connect=2000, answer=4000, probe=2000, unanswered=3
)
"""An emulated guest that is merely busy must not count as dead: it answers in up to a second."""


def configuration(balancer: Balancer, *, kvm: bool) -> str:
    """The whole file. Its description is a digest of the rest: what runs can be asked for it."""
    without = _text(balancer, kvm=kvm, description="")
    digest = sha256(without.encode()).hexdigest()[:16]
    return _text(balancer, kvm=kvm, description=digest)


def _text(balancer: Balancer, *, kvm: bool, description: str) -> str:
    pace = KVM if kvm else TCG
    lines = [
        *_common(balancer, pace, description),
        *(_statistics(balancer) if balancer.statistics else ()),
        *_frontend(balancer),
        *(line for route in balancer.routes for line in _backend(balancer, route, pace)),
    ]
    return "".join(f"{line}\n" for line in lines)


def _common(balancer: Balancer, pace: Pace, description: str) -> Iterator[str]:
    yield f"# Balancer {balancer.name}, written by isolab from the lab file."
    yield "global"
    yield f"    description {description}"
    yield "    maxconn 1000"
    yield "    nbthread 1"
    yield "    hard-stop-after 30s"
    yield "    log stdout format raw local0 info"
    yield f"    stats socket {SOCKET} mode 600 level admin expose-fd listeners"
    yield ""
    yield "defaults"
    yield f"    mode {balancer.mode}"
    yield "    log global"
    yield f"    option {balancer.mode}log"
    yield "    option dontlog-normal"
    yield "    # A connection that a replica refuses goes to the next one at once."
    yield "    retries 3"
    yield "    option redispatch 1"
    yield f"    timeout connect {pace.connect}ms"
    yield f"    timeout check {pace.answer}ms"
    yield "    timeout queue 10s"
    if balancer.mode == "http":
        yield "    timeout client 60s"
        yield "    timeout server 60s"
        yield "    timeout http-request 10s"
        yield "    timeout http-keep-alive 10s"
        # A tunnel, once upgraded (websockets), may be silent for longer.
        yield "    timeout tunnel 1h"
    else:
        yield "    timeout client 1h"
        yield "    timeout server 1h"
    yield from _lost_replica(balancer.mode, pace)
    yield (
        f"    default-server inter {pace.interval}ms fastinter {pace.hurried}ms "
        f"downinter {pace.hurried}ms fall {pace.fall} rise {pace.rise} "
        "observe layer4 error-limit 1 on-error fastinter"
    )
    yield ""


def _lost_replica(mode: str, pace: Pace) -> Iterator[str]:
    """What ends the connections to a replica that is gone without a word.

    HAProxy 2.6's on-marked-down closes a request that is still connecting without an answer and
    without another try (its log says `D---`), so HTTP has TCP find out: a connection that fails
    is tried again. A TCP client has to leave a database member that lives but fails its check.
    """
    if mode == "http":
        yield "    option srvtcpka"
        yield f"    srvtcpka-idle {pace.probe}ms"
        yield f"    srvtcpka-intvl {pace.probe}ms"
        yield f"    srvtcpka-cnt {pace.unanswered}"
        yield f"    default-server tcp-ut {pace.probe * (1 + pace.unanswered)}ms"
    else:
        yield "    default-server on-marked-down shutdown-sessions"


def _statistics(balancer: Balancer) -> Iterator[str]:
    yield "frontend isolab_statistics"
    yield f"    bind {balancer.statistics_address}:{balancer.statistics}"
    yield "    mode http"
    yield "    option httplog"
    yield "    timeout client 10s"
    yield "    stats enable"
    yield "    stats uri /"
    yield "    stats refresh 5s"
    yield "    stats show-legends"
    yield ""


def _frontend(balancer: Balancer) -> Iterator[str]:
    yield f"frontend {balancer.name}"
    yield f"    bind {balancer.address}:{balancer.listen}"
    if balancer.mode == "http":
        yield "    option forwardfor"
        yield "    # Only what changes nothing is sent again, when the replica that had it died."
        yield "    http-request disable-l7-retry unless METH_GET"
    longest_first = sorted(balancer.routes, key=lambda route: -len(route.path))
    for route in longest_first:
        if route.path in ("", "/"):
            yield f"    default_backend {route.name}"
        else:
            path = route.path.rstrip("/")
            yield f"    use_backend {route.name} if {{ path {path} }} || {{ path_beg {path}/ }}"
    yield ""


def _backend(balancer: Balancer, route: Route, pace: Pace) -> Iterator[str]:
    yield f"backend {route.name}"
    if balancer.mode == "http":
        yield "    balance roundrobin"
        yield "    retry-on conn-failure empty-response"
        if balancer.sticky:
            yield f"    cookie isolab-{route.name} insert indirect nocache httponly"
    elif balancer.sticky:
        yield "    # By the client's address: needs no table, so a reload forgets nothing."
        yield "    balance source"
        yield "    hash-type consistent"
    else:
        yield "    balance leastconn"
    if route.check:
        yield "    option httpchk"
        yield (
            f"    http-check send meth GET uri {route.check} ver HTTP/1.1 "
            f"hdr Host {balancer.name} hdr Connection close"
        )
        yield "    http-check expect status 200-399"
    for backend in route.backends:
        cookie = (
            f" cookie {backend.container}" if balancer.sticky and balancer.mode == "http" else ""
        )
        yield f"    server {backend.container} {backend.address}:{backend.port} check{cookie}"
    yield ""
