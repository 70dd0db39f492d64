"""Data sets: rows with their targets, from files, by name, or generated."""
