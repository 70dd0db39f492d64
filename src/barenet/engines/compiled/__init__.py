"""The compiled engine: kernels that run a slice of batches in one call."""
