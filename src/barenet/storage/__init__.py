"""Files on this machine and at addresses: opening, downloading and atomic writing."""
