"""Pulumi's language host and provider plugins for machines that Pulumi's downloads do not reach."""
