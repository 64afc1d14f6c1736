"""Images that a lab's registry gave to the host's Docker go with the lab."""

import docker
import docker_bench
import pytest
import registry

from machine.deployment import leftovers

pytestmark = [pytest.mark.engine, docker_bench.needed]


def test_images_go_with_the_lab_but_for_those_that_somebody_runs(
    images: registry.Registry,
) -> None:
    client = docker.from_env()
    pulled = client.images.pull(f"{images.address}/tiny", tag="1")
    (digest,) = pulled.attrs["RepoDigests"]
    client.images.remove(f"{images.address}/tiny:1")
    client.images.pull(digest)
    command = ["/bin/busybox", "sh", "-c", "exec sleep 900"]
    container = client.containers.run(digest, entrypoint=command, detach=True)
    try:
        # Another name of it, which other tests give it, lets go of this one; never of the image.
        first = leftovers.remove_images(images.address)
        assert client.images.get(pulled.id)
    finally:
        container.remove(force=True)
    assert leftovers.remove_images("127.0.0.1:1") == ()
    assert (*first, *leftovers.remove_images(images.address)) == (digest,)
    left = [known for image in client.images.list() for known in image.attrs["RepoDigests"]]
    assert digest not in left
