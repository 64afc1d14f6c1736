"""The package `isolab` for Pulumi programs in any language: the components as a provider."""
