"""What will be: every name, address, placement, limit and link, decided without a machine."""
