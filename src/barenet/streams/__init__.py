"""Tables larger than memory: read, fitted and trained on block by block."""
