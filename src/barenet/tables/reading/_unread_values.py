"""Reads the columns of text of a table by their kinds, and counts the values that can't be read.

They are counted block by block. In the end, one warning names those of each column. A column
without a single value of its kind is an error.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from barenet.errors import DataError
from barenet.tables.frames._column_names import Names
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._column_errors import raise_together
from barenet.tables.reading._column_reading import warn_of_unread
from barenet.tables.reading._column_values import Losses, read_frame


class UnreadValues:
    """The values of a table that can't be read.

    Parameters
    ----------
    kinds : mapping of str to str
        The kinds of the columns.
    missing : collection of str
        Texts that stand for a missing value.
    markers : mapping of str to collection of str, optional
        Such texts for single columns.
    may_be_names : bool, default=False
        Whether the columns may be names instead, as before a training, so that errors and warnings
        recommend it.

    Examples
    --------
    >>> unread = UnreadValues({"size": "number"}, missing=[""])
    >>> for block in (["3", "4"], ["many", "2"]):
    ...     frame = unread.read(Frame({"size": np.array(block, np.dtypes.StringDType())}))
    >>> unread.losses["size"].texts, frame["size"]
    (('many',), array([nan,  2.]))
    """

    def __init__(
        self,
        kinds: Mapping[str, str],
        missing: Names,
        markers: Mapping[str, Names] | None = None,
        *,
        may_be_names: bool = False,
    ) -> None:
        self.kinds = kinds
        self.missing = missing
        self.markers = markers
        self.may_be_names = may_be_names
        self.losses: Losses = {}
        self._n_rows = 0
        #: Columns none of whose values has been read, and the error of the first one.
        self._without_value = {*kinds}
        self._faults: dict[str, DataError] = {}
        #: Columns with values that are no missing ones, such as infinities.
        self._wrong = set[str]()

    def read(self, frame: Frame) -> Frame:
        """Read a block; a value of another kind counts as missing."""
        errors: list[DataError] = []
        read, unread = read_frame(frame, self.kinds, self.missing, self.markers, errors)
        self._n_rows += len(frame)
        for error in errors:
            name = str(error.column)
            self._faults.setdefault(name, error)
            self._wrong.add(name)
        for name in [*self._without_value]:
            values = read.columns[name]
            if values.dtype.kind == "T" or not np.isnan(values).all():
                self._without_value.remove(name)
        for name, lost in unread.items():
            if name in self._without_value and name not in self._faults:
                self._faults[name] = lost.fault(frame, name)
            if name in self.losses:
                self.losses[name] = self.losses[name] + lost
            else:
                self.losses[name] = lost.counts()
        return read

    def refuse_without_value(self) -> None:
        """Raise an error for columns without a value of their kind."""
        faults = []
        for name in self.kinds:
            if name in self._faults and name in self._without_value | self._wrong:
                fault = self._faults[name]
                if self.may_be_names and not fault.remedy:
                    fault.remedy = "if the column holds names, use {columns}"
                    if "%" in self.kinds[name]:
                        fault.remedy += " in place of its format"
                    fault.options = {"columns": {name: "names"}}
                faults.append(fault)
        raise_together(faults)

    def report(self) -> None:
        """Warn of the values; raise an error for columns without a value of their kind."""
        self.refuse_without_value()
        losses = {name: replace(lost, n_all=self._n_rows) for name, lost in self.losses.items()}
        warn_of_unread(losses, self.kinds, may_be_names=self.may_be_names)
