"""The version, where every room can read it: exports say which barenet has written them."""

__version__ = "0.2.0"
