"""What goes out: the model file."""
