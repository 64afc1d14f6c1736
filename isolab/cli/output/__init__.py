"""How commands say what they do: progress, text, Markdown, JSON."""
