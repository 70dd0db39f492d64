"""Model files, checkpoints, and exports to other languages."""
