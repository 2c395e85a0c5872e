"""One process for all runs that can share it."""

import pytest

from tests.e2e.helpers import Worker


@pytest.fixture(scope="session")
def worker():
    worker = Worker()
    yield worker
    worker.close()
