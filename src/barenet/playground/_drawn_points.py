"""Points that are drawn by hand: their text in the address, and the data that they make.

All of them are training points. The inputs are not scaled, so that more points change no input.
"""

import re

import numpy as np

from barenet import Dataset, Scaling
from barenet.playground import _plane as planes
from barenet.playground._page_state import DRAWN_POINT, DataSettings
from barenet.playground._prepared_data import PreparedData

#: Half the side of the map, and the largest of the whole numbers that are its places.
REACH, LARGEST = 2.0, 36**2 - 1


def read_points(text: str) -> tuple[planes.Array, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Read points, shape (n_points, 2), and their classes: five characters each.

    The class comes first, then both coordinates as numbers to the base of 36.

    Examples
    --------
    >>> read_points("100zz")
    (array([[-2.,  2.]]), array([1]))
    """
    parts = [(each[0], each[1:3], each[3:]) for each in re.findall(DRAWN_POINT, text)]
    numbers = np.array([[int(part, 36) for part in each] for each in parts], np.int64)
    numbers = numbers.reshape(-1, 3)
    return REACH * (2 * numbers[:, 1:] / LARGEST - 1), numbers[:, 0]


def prepare_drawn(data: DataSettings) -> PreparedData:
    """Prepare the points, of two classes at least."""
    X, y = read_points(data.points)
    count = max(2, int(y.max(initial=0)) + 1)
    rows = Dataset(
        name=data.source,
        X=X,
        y=y,
        classes=tuple(f"class {number}" for number in range(1, count + 1)),
        feature_names=("x1", "x2"),
        target_name="class",
        description="all of them are for training",
    )
    names = tuple(name for name in data.features if name in planes.FEATURES) or ("x1", "x2")
    features = planes.FeatureMap(names, (0, 1))
    learned = features.apply(X).astype(np.float32), y
    corner = np.full(2, REACH)
    return PreparedData(
        dataset=rows,
        input_names=features.input_names(rows.feature_names),
        training=learned,
        test=learned,
        is_test=np.zeros(len(y), np.bool_),
        test_rows=np.arange(len(y)),
        scaling=Scaling("none", np.zeros(len(names)), np.ones(len(names))),
        target_scaling=None,
        plane=planes.Plane(rows.feature_names, -corner, corner, lambda points: points),
        points=X,
        axes=rows.feature_names,
        target_range=(0.0, 1.0),
        fixed_at="",
        features=features,
    )
