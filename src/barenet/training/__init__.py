"""Training: mini-batches, the training loops, callbacks and the history."""
