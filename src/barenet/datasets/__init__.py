"""Data sets: rows with their targets, named, from files or generated."""
