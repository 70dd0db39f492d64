"""Files for the tests of readers."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file of text or bytes."""

    def write_file(content: str | bytes, name: str = "t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file
