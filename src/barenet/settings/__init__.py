"""What can be chosen: the settings of a run and of a task, and their defaults for given data."""
