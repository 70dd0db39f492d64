"""The state of the page, and what it sends: settings, addresses and messages."""
