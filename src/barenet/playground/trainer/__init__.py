"""The training that the page watches: its commands, its epochs and their history."""
