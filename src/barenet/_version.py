"""The version, in a module that any other can import: exports include the version of barenet."""

__version__ = "0.3.0"
