"""Makes this machine able to run labs."""
