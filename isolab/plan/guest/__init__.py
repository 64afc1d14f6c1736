"""A guest decided: its processor, its first boot, its files, its room for containers."""
