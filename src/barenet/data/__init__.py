"""Data: named data sets, tables, arrays and images, and the scaling of their features."""

from barenet.data.dataset import Dataset
from barenet.data.datasets import DATASETS, load_dataset
from barenet.data.run_config import DEFAULTS, RunConfig
from barenet.data.scaling import Scaling

__all__ = ["DATASETS", "DEFAULTS", "Dataset", "RunConfig", "Scaling", "load_dataset"]
