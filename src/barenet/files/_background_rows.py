"""Background rows: some training rows in a model file, which predictions are compared with.

They are raw rows, which may be the data of people. So a file has them only on request.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.model._randomness import drawn_rows
from barenet.tables.frames._frame import TEXT, Frame

#: The types of columns in a file, by the kinds of NumPy's dtypes.
TYPES = {"f": "number", "T": "text", "M": "date", "b": "boolean"}


def sample_of(frame: Frame, n_rows: int, seed: int) -> Frame:
    """Draw a number of rows at random, or take all if there are fewer; forget their origin.

    >>> sample_of(Frame({"age": np.arange(100.0)}), 3, seed=0)["age"]
    array([47., 51., 67.])
    """
    drawn = drawn_rows(seed, len(frame), n_rows)
    return Frame(dict(frame.take(drawn).columns))


def frame_to_bytes(frame: Frame) -> NDArray[np.uint8]:
    """Write a frame as the bytes of a JSON document."""
    columns = []
    for name, column in frame.columns.items():
        values: list[Any] = column.tolist()
        type_name = TYPES[column.dtype.kind]
        if type_name == "number":
            values = [None if np.isnan(value) else value for value in values]
        elif type_name == "date":
            values = column.astype("M8[us]").astype(np.int64).tolist()
        columns.append({"name": name, "type": type_name, "values": values})
    text = json.dumps(columns, allow_nan=False)
    return np.frombuffer(text.encode(), np.uint8)


def frame_from_bytes(data: NDArray[Any]) -> Frame:
    """Read a frame that `frame_to_bytes` wrote.

    >>> frame = Frame({"age": np.array([36.0, np.nan]), "town": np.array(["Oslo", ""], TEXT)})
    >>> frame_from_bytes(frame_to_bytes(frame))
    <Frame of 2 rows: age: float64, town: StringDType()>
    """
    columns: dict[str, NDArray[Any]] = {}
    for column in json.loads(data.tobytes()):
        values = column["values"]
        type_name = column["type"]
        if type_name == "number":
            array = np.array(values, np.float64)
        elif type_name == "text":
            array = np.array(values, TEXT)
        elif type_name == "boolean":
            array = np.array(values, bool)
        elif type_name == "date":
            array = np.array(values, np.int64).astype("M8[us]")
        else:
            raise ValueError(f"the type {type_name!r} of a background column is unknown")
        if array.ndim != 1 or (type_name == "number" and np.isinf(array).any()):
            raise ValueError(f"the background column {column['name']!r} is not valid")
        columns[column["name"]] = array
    return Frame(columns)
