"""The ``barenet`` command, with a file for each of its commands."""
