"""Makes this machine able to run labs, and says what it lacks for that."""
