"""Work on several machines: Dask runs it, and is imported when it is used."""

from barenet.distributed._dask_rows import DaskRows

__all__ = ["DaskRows"]
