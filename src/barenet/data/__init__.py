"""Data: named data sets, tables, arrays and images, and the scaling of their features."""

from barenet.data._dataset import Dataset
from barenet.data._datasets import DATASETS, load_dataset
from barenet.data._run_config import DEFAULTS, RunConfig
from barenet.data._scaling import Scaling

__all__ = ["DATASETS", "DEFAULTS", "Dataset", "RunConfig", "Scaling", "load_dataset"]
