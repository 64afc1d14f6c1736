"""The core of isolab: from a lab file to a plan, without touching any machine."""
