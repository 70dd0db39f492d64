"""The settings of a run and of a task, and their defaults for given data."""
