"""Colours that colour-blind people tell apart (Okabe and Ito's), for light pages and dark ones."""

from collections.abc import Callable
from string import Template

MERMAID = {
    "host": "fill:#80808014,stroke:#808890",
    "guest": "fill:#3b82c41f,stroke:#3b82c4",
    "container": "fill:#ffffff,stroke:#57606a,color:#1f2328",
    "network": "fill:#dff1e7,stroke:#3d7a57,color:#1f2328",
    "disk": "fill:#f3eee4,stroke:#7d6b4a,color:#1f2328",
    "other": "fill:#f1f1f4,stroke:#57606a,color:#1f2328",
    "internal": "fill:#eeeeee,stroke:#57606a,color:#1f2328,stroke-dasharray:4",
    "added": "fill:#d3f0e5,stroke:#00684b,color:#00291d,stroke-width:3px",
    "changed": "fill:#d6ebfa,stroke:#0072b2,color:#00263b,stroke-width:2px",
    "replaced": "fill:#fdebc8,stroke:#a86500,color:#3b2400,stroke-width:4px",
    "removed": "fill:#f6dcd0,stroke:#b3261e,color:#3b0d00,stroke-dasharray:6",
    "suffers": "fill:#fff4d6,stroke:#a86500,color:#3b2400,stroke-dasharray:2",
    "lost": "fill:#b3261e,stroke:#3b0d00,color:#ffffff,stroke-width:4px",
    "healthy": "fill:#ffffff,stroke:#00684b,color:#1f2328,stroke-width:2px",
    "down": "fill:#f6dcd0,stroke:#b3261e,color:#3b0d00,stroke-width:3px",
    "unknown": "fill:#fff4d6,stroke:#a86500,color:#3b2400,stroke-dasharray:2",
    "focus": "stroke:#9b3fb0,stroke-width:5px",
}
"""A node has its letters' colour with its fill; a layer lets the page shine through."""

COLOURS = {
    "page": ("#ffffff", "#0d1117"),
    "ink": ("#1f2328", "#e6edf3"),
    "soft": ("#535b66", "#9da7b3"),
    "line": ("#6b7480", "#8b949e"),
    "host": ("#f4f6f8", "#12171e"),
    "host_edge": ("#8c959f", "#4a535e"),
    "guest": ("#cfe0f5", "#1b355e"),
    "guest_edge": ("#4d82ba", "#4f84c4"),
    "container": ("#ffffff", "#1c232d"),
    "container_edge": ("#8c959f", "#626d7a"),
    "balancer": ("#f3ebfb", "#2a1f3d"),
    "balancer_edge": ("#7d4fc4", "#a582e8"),
    "disk": ("#f7f1e4", "#272117"),
    "disk_edge": ("#a3895a", "#8d7750"),
    "wire": ("#2f7a57", "#4fb286"),
    "closed": ("#6b7480", "#8b949e"),
    "entry": ("#0067a3", "#5cb3f0"),
    "link": ("#a04a7d", "#e39ac4"),
    "added": ("#00684b", "#3fc79c"),
    "added_fill": ("#ddf4eb", "#0d2e24"),
    "changed": ("#0072b2", "#56b4e9"),
    "changed_fill": ("#ddeefb", "#0d2638"),
    "replaced": ("#9c5d00", "#f0b429"),
    "replaced_fill": ("#fdf0d5", "#33260a"),
    "removed": ("#b3261e", "#ff8a73"),
    "removed_fill": ("#fae3da", "#3a1712"),
    "hatch": ("#e0a83c", "#8a6514"),
    "loud": ("#b3261e", "#d93a2b"),
    "focus": ("#9b3fb0", "#d58be6"),
}
"""Each for a light page and for a dark one."""


def coloured(template: str, choose: Callable[[str, str], str]) -> str:
    """A style sheet with its $colours filled in, each by what `choose` makes of the two."""
    chosen = {name: choose(light, dark) for name, (light, dark) in COLOURS.items()}
    return Template(template).substitute(chosen)
