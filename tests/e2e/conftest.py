"""One process for all runs that need no process of their own."""

import pytest

from tests.e2e.helpers import Worker


@pytest.fixture(scope="session")
def worker():
    made = Worker()
    yield made
    made.close()
