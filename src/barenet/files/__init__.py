"""What goes out: the model file, checkpoints, and exports to other languages."""
