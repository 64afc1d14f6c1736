"""What commands work on: the stack, its plans before and after, its layers as they are."""
