"""A cluster of Dask: processes of this machine, started once, as they take seconds to start."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """A client with two workers, each a process with one thread, which are restarted if killed."""
    from barenet.distributed._cluster import open_client

    with open_client(2, None) as client:
        yield client
