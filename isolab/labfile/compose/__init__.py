"""What makes one description of several: extends, include, merge, profiles."""
