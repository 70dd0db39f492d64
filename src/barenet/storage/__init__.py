"""Files on this machine and at addresses: opened, downloaded, and written whole."""
