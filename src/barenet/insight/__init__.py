"""What people look at: the gradient check, and pictures."""
