"""YAML text to nodes: syntax, anchors, variables, and nothing of what they mean."""
