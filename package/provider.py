"""Serves the components, and tells what is wrong with an input by the input's name."""

import sys
from typing import Any

from pulumi import InputPropertiesError, InputPropertyError
from pulumi.provider import ConstructResult
from pulumi.provider import main as serve
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from isolab.cli import version
from package.balancer import Balancer
from package.guest import Guest
from package.lab import Lab
from package.service import Service

NAME = "isolab"
COMPONENTS = (Lab, Guest, Service, Balancer)


class Provider(ComponentProvider):
    """The SDK's provider of components, whose components may refuse an input."""

    def construct(self, *args: Any, **kwargs: Any) -> ConstructResult:
        """Make a component; what its constructor refuses is no fault of the program."""
        try:
            return super().construct(*args, **kwargs)
        except ComponentInitError as error:
            if isinstance(error.inner, InputPropertyError | InputPropertiesError):
                raise error.inner from None
            raise


def provider() -> Provider:
    """The provider, with its schema inferred from the components."""
    return Provider(list(COMPONENTS), NAME, version=version())


def main() -> None:
    """Serve until the engine has had enough."""
    serve(provider(), sys.argv[1:])
