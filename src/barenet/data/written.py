"""A frame as a CSV file would hold it, so that rows are known again in whatever kind of file.

A DataFrame or a Parquet file has truth values and dates; in a CSV file they are text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.frame import TEXT, Frame
from barenet.data.parsing import MISSING, is_code, to_number, unique_texts
from barenet.data.target import WORDS

__all__ = ["as_written"]


def as_written(frame: Frame) -> Frame:
    """Turn truth values and dates into text, and text that holds only numbers into numbers.

    Examples
    --------
    >>> from barenet.data.to_frame import as_frame
    >>> as_written(as_frame({"paid": [True, False], "code": [" 7", "8"]}))
    <Frame of 2 rows: paid: StringDType(), code: float64>
    """
    return Frame({name: _written(column) for name, column in frame.columns.items()})


def _written(column: NDArray[Any]) -> NDArray[Any]:
    if column.dtype.kind == "b":
        return np.array(WORDS, TEXT)[column.astype(np.int64)]
    if column.dtype.kind == "M":
        return _dates(column)
    return _text(column) if column.dtype.kind == "T" else column


def _dates(moments: NDArray[Any]) -> NDArray[Any]:
    """Write all dates of a column alike: the time only where one is not midnight."""
    known = moments[~np.isnat(moments)]
    fitting = (unit for unit in ("D", "s", "ms") if (known == known.astype(f"M8[{unit}]")).all())
    dates = moments.astype(f"M8[{next(fitting, 'us')}]")
    texts = np.char.replace(dates.astype(str), "T", " ")
    return np.where(np.isnat(moments), "", texts).astype(TEXT)


def _text(column: NDArray[Any]) -> NDArray[Any]:
    codes, texts = unique_texts(column)
    words = {word.lower(): word for word in WORDS} | {"": ""}
    if any(texts) and all(text.lower() in words for text in texts):
        return np.array([words[text.lower()] for text in texts], TEXT)[codes]
    numbers = [np.nan if text in MISSING else to_number(text) for text in texts]
    if None in numbers or any(map(is_code, texts)) or np.isinf(np.array(numbers, float)).any():
        return np.array(texts, TEXT)[codes]
    return np.array(numbers, float)[codes]
