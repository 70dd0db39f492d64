"""Work on several machines: Dask runs it, and nothing here is imported without its client."""
