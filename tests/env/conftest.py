"""The sources of distributions."""

import pytest

from tests.env.checkout import ROOT, git_files


@pytest.fixture(scope="session")
def sources(tmp_path_factory):
    """A clean checkout: the tracked files as they are now."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in git_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder
