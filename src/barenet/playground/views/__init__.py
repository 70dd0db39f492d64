"""The pictures of the page, each computed for one epoch."""
