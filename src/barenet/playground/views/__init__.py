"""The pictures of the page, each of which is computed for a single epoch."""
