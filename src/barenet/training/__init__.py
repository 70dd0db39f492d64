"""How a network learns: batches, the loop, callbacks, history."""
