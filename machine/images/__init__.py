"""Images of guests and services: found, downloaded or built, and cached."""
