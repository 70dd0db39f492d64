"""The choices that the server sends to the page."""

import importlib.metadata
from email.message import Message

import pytest

from barenet.playground.server._catalog import documentation_address


@pytest.mark.parametrize(
    ("entries", "address"),
    [
        (
            [
                "Source, https://github.com/ada/barenet",
                "Documentation, https://ada.github.io/barenet/",
            ],
            "https://ada.github.io/barenet/",
        ),
        (["Documentation, https://CHOSEN-LATER.github.io/barenet/"], ""),
        (["Source, https://github.com/ada/barenet"], ""),
        ([], ""),
    ],
)
def test_the_documentation_is_where_the_package_names_it(monkeypatch, entries, address):
    metadata = Message()
    for entry in entries:
        metadata["Project-URL"] = entry
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: metadata)
    assert documentation_address() == address


def test_a_package_that_is_not_installed_names_no_documentation(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "metadata", missing)
    assert documentation_address() == ""
