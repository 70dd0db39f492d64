"""Work on several machines, by Dask, which is imported only when it is used."""

from barenet.distributed._dask_rows import DaskRows

__all__ = ["DaskRows"]
