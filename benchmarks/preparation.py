"""Columns of dates and texts, prepared as users of a library without such columns prepare them.

Dates become numbers with pandas, and texts are kept apart from categories.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Preparation", "moments", "texts_of"]

#: A column of strings is text if more than this fraction of its values differ, and if they have at
#: least so many words on average.
DISTINCT, WORDS = 0.5, 3

#: Columns with fewer texts are categories: CatBoost refuses texts in which too few words repeat.
FEWEST_TEXTS = 100


@dataclass(frozen=True)
class Preparation:
    """Makes numbers of dates, and strings of categories and texts.

    Attributes
    ----------
    dates : dict of str to str
        The format of each column of dates.
    texts : tuple of str
        The columns of texts.
    keeps_texts : bool
        Whether the texts are kept; otherwise they are dropped.
    """

    dates: Mapping[str, str]
    texts: tuple[str, ...]
    keeps_texts: bool = True

    def __call__(self, frame: Any) -> Any:
        """Prepare a frame.

        Parameters
        ----------
        frame : DataFrame
            Rows as pandas reads them.

        Returns
        -------
        DataFrame
            Numbers; categories of dtype object, with missing values; and texts, which are empty
            where they are missing.
        """
        import pandas

        columns: dict[str, Any] = {}
        for name in frame.columns:
            column = frame[name]
            if name in self.dates:
                for part, numbers in _date_parts(column, self.dates[name]).items():
                    columns[f"{name} {part}"] = numbers
            elif name in self.texts:
                if self.keeps_texts:
                    columns[name] = _strings(column).fillna("")
            elif _has_numbers(column):
                columns[name] = column
            else:
                columns[name] = _strings(column)
        return pandas.DataFrame(columns, index=frame.index)


def texts_of(frame: Any, dates: Mapping[str, str]) -> tuple[str, ...]:
    """The columns of texts in a frame: mostly distinct strings of several words."""
    names = []
    for name in frame.columns:
        column = frame[name].dropna()
        if name in dates or _has_numbers(column) or len(column) < FEWEST_TEXTS:
            continue
        strings = column.astype(str)
        words = strings.str.split().str.len().mean()
        if strings.nunique() > DISTINCT * len(strings) and words >= WORDS:
            names.append(name)
    return tuple(names)


def _has_numbers(column: Any) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(column) and not is_bool_dtype(column)


def _strings(column: Any) -> Any:
    return column.astype(str).astype(object).where(column.notna(), np.nan)


def moments(column: Any, date_format: str) -> Any:
    """Convert dates in a format; what is not a date, such as 1898-00-00, is missing."""
    import pandas

    strings = column.astype(str).str.strip()
    return pandas.to_datetime(strings, format=date_format, errors="coerce")


def _date_parts(column: Any, date_format: str) -> dict[str, Any]:
    """Year, month, day, weekday, hour if the format has one, and days since 1970."""
    import pandas

    dates = moments(column, date_format)
    parts = {
        "year": dates.dt.year,
        "month": dates.dt.month,
        "day": dates.dt.day,
        "weekday": dates.dt.day_of_week,
        "days": (dates - pandas.Timestamp(0)) / pandas.Timedelta(days=1),
    }
    if "%H" in date_format:
        parts["hour"] = dates.dt.hour
    return parts
