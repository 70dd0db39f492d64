"""Data: named data sets, tables, arrays and images, and the scaling of their features."""

from barenet.data._dataset import Dataset as Dataset
from barenet.data._datasets import DATASETS as DATASETS, load_dataset as load_dataset
from barenet.data._encoding import TableEncoding as TableEncoding
from barenet.data._frame import Frame as Frame
from barenet.data._run_config import DEFAULTS as DEFAULTS, RunConfig as RunConfig
from barenet.data._scaling import Scaling as Scaling
from barenet.data._table_loading import load_table as load_table

__all__ = [name for name in list(globals()) if not name.startswith("_")]
