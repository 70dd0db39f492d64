"""The JAX engine: the steps of a job as one program, for a GPU or a CPU."""
