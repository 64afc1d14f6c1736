"""How two plans differ, layer by layer, and what follows from it."""
