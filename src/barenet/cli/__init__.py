"""What people run: the ``barenet`` command, a file for each of its commands."""
