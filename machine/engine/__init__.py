"""The Pulumi CLI, its plugins, and what they find in their environment."""
