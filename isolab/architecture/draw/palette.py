"""Colours that colour-blind people tell apart (Okabe and Ito's), with letters that stand out."""

STYLES = {
    "host": "fill:#f4f6f8,stroke:#57606a,color:#1f2328",
    "guest": "fill:#e6eef8,stroke:#3b6ea5,color:#1f2328",
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
    "down": "fill:#f6dcd0,stroke:#b3261e,color:#3b0d00,stroke-width:3px",
    "unknown": "fill:#fff4d6,stroke:#a86500,color:#3b2400,stroke-dasharray:2",
    "focus": "stroke:#7b2d8b,stroke-width:5px",
}
"""For Mermaid."""
