"""The compiled engine: kernels that run a chunk of batches in one call."""
