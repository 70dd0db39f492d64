"""The server of the page: its sessions and messages, and access to it."""
