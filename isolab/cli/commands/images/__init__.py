"""The parts of `./lab image` that are about images from elsewhere, one a module."""
