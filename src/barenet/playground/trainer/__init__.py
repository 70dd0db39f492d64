"""The training that the page shows: its commands, its epochs and their history."""
