"""What comes in: named data sets, tables, arrays and images, and how their inputs are scaled."""

from barenet.data.dataset import Dataset
from barenet.data.datasets import DATASETS, load_dataset
from barenet.data.encoding import TableEncoding
from barenet.data.frame import Frame
from barenet.data.framing import as_frame
from barenet.data.recipe import DEFAULTS, Recipe
from barenet.data.scaling import Scaling
from barenet.data.tabular import load_table, read_features, read_samples

__all__ = [
    "DATASETS",
    "DEFAULTS",
    "Dataset",
    "Frame",
    "Recipe",
    "Scaling",
    "TableEncoding",
    "as_frame",
    "load_dataset",
    "load_table",
    "read_features",
    "read_samples",
]
