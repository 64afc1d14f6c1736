"""What a replicated lab survives: a client at work throughout, a fault, and what became of both."""
