"""The pictures of the page; each is computed for a single epoch."""
