"""Pulumi components, one layer of the lab a module: they translate the plan into resources."""
