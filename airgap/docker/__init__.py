"""The provider plugin `docker`, over docker-py."""
