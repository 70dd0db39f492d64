"""Data: named data sets, tables, arrays and images, and their preprocessing."""

from barenet.data._dataset import Dataset
from barenet.data._datasets import DATASETS, load_dataset
from barenet.data._encoding import TableEncoding
from barenet.data._fingerprint import fingerprint
from barenet.data._frame import Frame
from barenet.data._run_config import DEFAULTS, RunConfig
from barenet.data._scaling import Scaling

__all__ = [
    "DATASETS", "DEFAULTS", "Dataset", "Frame", "RunConfig", "Scaling", "TableEncoding",
    "fingerprint", "load_dataset",
]  # fmt: skip
