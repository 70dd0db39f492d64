"""The command of editable installations made before 0.2.0; wheels do not have this module."""

from barenet.__main__ import main

__all__ = ["main"]
