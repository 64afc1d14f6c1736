"""The plugin `command`: commands run here or over ssh, as resources."""
