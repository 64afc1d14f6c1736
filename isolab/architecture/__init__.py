"""What a plan means to people: how it differs from another one, and how it looks."""
